#!/usr/bin/env bats
# Each exit status.
load common

@test "0: every task succeeded" {
	run -0 covey true ::: a b
}

@test "0: there was nothing to do" {
	run -0 covey -r echo </dev/null
}

@test "0: a task failed, was tried again, and succeeded" {
	run -0 covey --tries 2 --retry-interval 10ms misbehave ::: fail-once=x
}

@test "123: a task failed" {
	run -123 covey -j 1 sh -c 'exit {}' ::: 0 1 0
}

@test "123: whatever the status" {
	for status in 1 2 124 125 126 127 255; do
		run -123 covey sh -c 'exit {}' ::: $status
	done
}

@test "123: a task was killed by a signal" {
	run -123 covey misbehave ::: signal=KILL
}

@test "123: a task timed out" {
	run -123 covey --timeout 200ms sleep ::: 600
}

@test "124: the deadline passed" {
	run -124 covey --deadline 200ms --kill-after 100ms sleep ::: 600
}

@test "125: covey cannot write what it must" {
	run -125 bash -c '"$COVEY" echo ::: a >/dev/full'
}

@test "2: usage" {
	run -2 covey --no-such-option echo ::: a
}

@test "by SIGTERM, when SIGTERM stopped it" {
	start misbehave touch=ready sleep=600 ::: print=x
	wait_for test -e ready
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}
