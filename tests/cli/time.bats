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
	run -123 covey -j 2 --timeout 300ms sh -c '[ {} = quick ] || sleep 600; echo {}' ::: hangs quick
	same quick "$(grep -x quick <<<"$output")"
}

@test "--signal comes first, and may be answered" {
	run -123 covey --timeout 300ms --signal INT \
	    sh -c 'trap "echo got it >answer; exit 0" INT; sleep 600 & wait' ::: a
	same 'got it' "$(<answer)"
}

@test "what answers SIGTERM with success has timed out all the same" {
	run -123 --separate-stderr covey --timeout 300ms sh -c 'trap "exit 0" TERM; sleep 600 & wait' ::: a
	match "$stderr" 'timed out'
}

@test "--kill-after: SIGKILL for what does not listen" {
	run -123 --separate-stderr covey --timeout 200ms --kill-after 100ms \
	    misbehave ignore-term hold-file="$LOCKS/x" touch=ready sleep=600 ::: print=x
	[ -e ready ]
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
	run -124 --separate-stderr covey -j 2 --deadline 300ms --kill-after 100ms \
	    misbehave hold-file="$LOCKS/x" ignore-term double-fork sleep=600 ::: print=1 print=2 print=3
	match "$stderr" 'deadline'
	alive 0
}

@test "--deadline: what finished before it still shows" {
	run -124 --separate-stderr covey -k -j 2 --deadline 400ms sh -c 'echo {}; [ {} = a ] || sleep 600' ::: a b
	match "$output" '^a'
}

@test "a failure besides does not hide that the deadline passed" {
	run -124 covey -j 2 --deadline 400ms sh -c '[ {} = hangs ] && sleep 600; exit 3' ::: fails hangs
}

@test "durations: ms, s, m, h and fractions" {
	for d in 90 90s 1.5m 2h 90000ms 0.5h; do
		run -0 covey --timeout "$d" true ::: a
	done
}
