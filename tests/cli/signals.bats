#!/usr/bin/env bats
# SIGTSTP stops covey, its trees and its clocks; SIGCONT lets them go on.
load common

@test "SIGTSTP stops covey and the trees, SIGCONT lets them go on" {
	start misbehave hold-file="$LOCKS/x" touch=ready wait-file=go ::: print=done
	wait_for test -e ready
	child=$(holder x)
	kill -TSTP "$pid"
	wait_for state "$(supervisor)" T
	wait_for state "$child" T
	wait_for state "$pid" T
	kill -CONT "$pid"
	: >go
	finish 'exit 0'
	same done "$(<out)"
}

@test "no timeout passes while covey is stopped" {
	start --timeout 2s misbehave hold-file="$LOCKS/x" touch=ready wait-file=go ::: print=done
	wait_for test -e ready
	kill -TSTP "$pid"
	wait_for state "$(supervisor)" T
	sleep 2.2
	kill -CONT "$pid"
	: >go
	finish 'exit 0'
	same done "$(<out)"
}

@test "a stopped covey can be ended" {
	start --kill-after 100ms misbehave hold-file="$LOCKS/x" touch=ready sleep=600 ::: print=x
	wait_for test -e ready
	kill -TSTP "$pid"
	wait_for state "$pid" T
	kill -TERM "$pid"
	kill -CONT "$pid"
	finish 'signal SIGTERM'
	alive 0
}

@test "SIGUSR1 and SIGWINCH do no harm at any time" {
	start -j 2 misbehave wait-file=go ::: print=a print=b
	wait_for runs misbehave
	for sig in USR1 WINCH USR1 WINCH; do
		kill -"$sig" "$pid"
	done
	: >go
	finish 'exit 0'
}

@test "a task's signals are as covey found them" {
	# what was ignored before covey (by make: 32 and 33) stays so; nothing else is
	wanted=$(cat /proc/self/status | grep -E '^Sig(Blk|Ign|Cgt)')
	run -0 covey cat ::: /proc/self/status
	same "$wanted" "$(grep -E '^Sig(Blk|Ign|Cgt)' <<<"$output")"
}
