#!/usr/bin/env bats
# Timeouts, slow warnings and the run's deadline.
load common

@test "--timeout ends an attempt and says so" {
	run -123 --separate-stderr covey --timeout 200ms sleep ::: 600
	match "$stderr" 'covey: task 1 failed: sleep 600: timed out after '
}

@test "what finishes in time is left alone" {
	run -0 --separate-stderr covey --timeout 1m true ::: a
	same '' "$stderr"
}

@test "one task's timeout does not touch another" {
	in_time 123 covey -j 2 --timeout MSECms sh -c '[ {} = quick ] || sleep 600; echo {}; : >ready' ::: \
	    hangs quick
	same quick "$output"
}

@test "--signal comes first, and may be answered" {
	# no shell can trap SIGINT where the tests run in the background, which ignores it
	in_time 123 covey --timeout MSECms --kill-after 1m --signal USR1 \
	    sh -c 'trap "echo got it >answer; exit 0" USR1; : >ready; sleep 600 & wait' ::: a
	same 'got it' "$(<answer)"
}

@test "what answers SIGTERM with success has timed out all the same" {
	in_time 123 covey --timeout MSECms sh -c 'trap "exit 0" TERM; : >ready; sleep 600 & wait' ::: a
	match "$stderr" 'timed out'
}

@test "--kill-after: SIGKILL for what does not listen" {
	in_time 123 covey --timeout MSECms --kill-after 100ms \
	    misbehave ignore-term hold-file="$LOCKS/x" touch=ready sleep=600 ::: print=x
	match "$stderr" 'timed out'
	alive 0
}

@test "--slow says so and does not kill" {
	start --slow 100ms sh -c 'until [ -e go ]; do sleep 0.02; done' ::: a
	wait_for grep -q 'covey: .*still running after' err
	: >go
	finish 'exit 0'
	same 1 "$(grep -c 'still running after' err)"
}

@test "--deadline ends the run: 124, and no process is left" {
	in_time 124 covey -j 2 --deadline MSECms --kill-after 100ms \
	    misbehave hold-file="$LOCKS/x" ignore-term double-fork touch=ready sleep=600 ::: \
	    print=1 print=2 print=3
	match "$stderr" 'deadline'
	alive 0
}

@test "--deadline: what finished before it still shows" {
	# the third is started when the first has ended
	in_time 124 covey -k -j 2 --deadline MSECms \
	    sh -c 'echo {}; [ {} != c ] || : >ready; [ {} = a ] || sleep 600' ::: a b c
	match "$output" '^a'
}

@test "a failure besides does not hide that the deadline passed" {
	in_time 124 covey -j 2 --deadline MSECms \
	    sh -c '[ {} != after ] || : >ready; [ {} = fails ] || sleep 600; exit 3' ::: fails hangs after
	match "$stderr" 'task 1 failed: .*exit 3'
}
