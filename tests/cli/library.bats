#!/usr/bin/env bats
# The library in a host of its own: the order of its events, seen through drive.
load common

eval "common_$(declare -f setup)"

setup() {
	[ -x "$COVEY_HELPERS/drive" ] || skip 'there is no drive'
	common_setup
}

@test "a success: queued, started, ended, finished" {
	run -0 drive <<<'echo hello; echo oops >&2'
	same $'queued 1\nstarted 1.1\nstdout 1.1 hello\nstderr 1.1 oops\nended 1.1 success\nfinished 1 success' \
	    "$output"
}

@test "a retry: delayed between two attempts, finished once" {
	run -0 drive -t 2 <<<'[ -e x ] || { : >x; exit 3; }'
	same $'queued 1\nstarted 1.1\nended 1.1 exit 3 retry\ndelayed 1.1\nstarted 1.2\nended 1.2 success\nfinished 1 success' \
	    "$output"
}

@test "a timeout" {
	in_time 0 drive -T MSEC -k 100 -n 1 misbehave ignore-term hold-file="$LOCKS/x" touch=ready sleep=600
	match "$output" $'ended 1.1 timeout\nfinished 1 timeout'
	alive 0
}

@test "a signal of its own is told from one that the executor sent" {
	run -0 drive <<<'kill -KILL $$'
	match "$output" 'ended 1.1 signal SIGKILL'
}

@test "what cannot be started" {
	run -0 drive -n 1 ./no-such-command
	match "$output" 'ended 1.1 spawn exec 2'
	match "$output" 'finished 1 spawn'
}

@test "a leaky success in a host that adopts orphans" {
	run -0 drive -f subreaper <<<"exec misbehave hold-file=$LOCKS/x close-pipes double-fork"
	match "$output" 'ended 1.1 success leaky'
	alive 0
}

@test "a daemon with nothing in its environment, in a host that has no children of its own" {
	in_time 0 drive -f subreaper -f sole-parent -T MSEC -k 100 -n 1 misbehave hold-file="$LOCKS/x" \
	    env-clear ignore-term close-pipes double-fork touch=ready sleep=600
	match "$output" 'ended 1.1 timeout'
	alive 0
}

@test "processes that replace themselves faster than a list is read" {
	in_time 0 drive -f subreaper -f sole-parent -T MSEC -k 100 -n 1 misbehave hold-file="$LOCKS/x" \
	    ignore-term close-pipes runaway=1000000 touch=ready sleep=600
	match "$output" 'ended 1.1 timeout'
	alive 0
}

@test "a cancel: every task gets its finished" {
	run -0 drive -j 1 -c stop <<<$'true\nsleep 600\nsleep 600'
	same $'finished 1 success\nfinished 2 cancelled\nfinished 3 cancelled' \
	    "$(grep ^finished <<<"$output" | sort)"
}

@test "the deadline: every task gets its finished" {
	run -0 drive -j 1 -D 300 -k 100 <<<$'sleep 600\ntrue'
	same $'finished 1 deadline\nfinished 2 deadline' "$(grep ^finished <<<"$output" | sort)"
}

@test "without pidfd all of it is the same" {
	run -0 drive -f no-pidfd -j 1 -t 2 -T 3600000 <<<$'[ -e x ] || { : >x; exit 1; }\ntrue\nexit 3'
	same $'finished 1 success\nfinished 2 success\nfinished 3 exit' "$(grep ^finished <<<"$output" | sort)"
	in_time 0 drive -f no-pidfd -t 2 -T MSEC -k 100 -n 1 \
	    sh -c '[ ! -e ready.1 ] || { : >ready; exit 0; }; : >ready.1; sleep 600'
	match "$output" $'ended 1.1 timeout retry\n'
	match "$output" 'finished 1 success$'
}
