#!/usr/bin/env bats
# Deadlines hold and nothing outlives its attempt, whatever the child does.
load common

# ended_by_timeout WORD...: a child that does this, then hangs, is gone when covey is
ended_by_timeout() {
	in_time 123 covey --timeout MSECms --kill-after 100ms \
	    misbehave hold-file="$LOCKS/x" "$@" touch=ready sleep=600 ::: print=x
	match "$stderr" 'covey: task 1 failed: .*timed out'
	alive 0
}

@test "a timeout ends: a child that ignores SIGTERM" {
	ended_by_timeout ignore-term
}

@test "a timeout ends: a daemon that keeps the pipes" {
	ended_by_timeout keep-pipes double-fork
}

@test "a timeout ends: a daemon that closed the pipes" {
	ended_by_timeout close-pipes double-fork
}

@test "a timeout ends: a daemon that ignores SIGTERM" {
	ended_by_timeout ignore-term close-pipes double-fork
}

@test "a timeout ends: a daemon with nothing in its environment" {
	ended_by_timeout env-clear ignore-term close-pipes double-fork
}

@test "a timeout ends: a chain of three" {
	ended_by_timeout chain=3
}

@test "a timeout ends: a chain of three that ignores SIGTERM" {
	ended_by_timeout ignore-term chain=3
}

@test "a timeout ends: a session of its own" {
	ended_by_timeout setsid ignore-term
}

@test "a timeout ends: a child that closed its own streams" {
	ended_by_timeout close-own ignore-term
}

@test "a timeout ends: many processes at once" {
	ended_by_timeout ignore-term fork-bomb-light=50
}

@test "a timeout ends: processes that replace themselves faster than a list is read" {
	ended_by_timeout ignore-term close-pipes runaway=1000000
}

@test "a timeout ends: a child that stopped itself" {
	in_time 123 covey --timeout MSECms --kill-after 100ms \
	    misbehave hold-file="$LOCKS/x" touch=ready stop-self sleep=600 ::: print=x
	match "$stderr" 'timed out'
	alive 0
}

@test "a stopped child gets to see its SIGTERM" {
	in_time 123 covey --timeout MSECms --kill-after 1m \
	    sh -c 'trap "echo seen >answer; exit 1" TERM; : >ready; kill -STOP $$; sleep 600 & wait' ::: a
	same seen "$(<answer)"
}

@test "the shell's children die with the shell" {
	in_time 123 covey --timeout MSECms --kill-after 100ms -c '
		(trap "" TERM; misbehave hold-file="$LOCKS/a" touch=ready.a sleep=600; :) &
		misbehave hold-file="$LOCKS/b" wait-file=ready.a touch=ready sleep=600' ::: a
	match "$stderr" 'timed out'
	same 2 "$(ls "$LOCKS" | wc -l)"
	alive 0
}

@test "the signal goes to all of a tree, detached or not" {
	cat >part <<-'END'
		trap 'echo >ready.termed.$1; exit' TERM
		echo >ready.up.$1
		sleep 600 & wait
	END
	in_time 123 covey --timeout MSECms --kill-after 1m -c '
		sh part 1 &
		setsid sh part 2 &
		misbehave wait-file=ready.up.1 wait-file=ready.up.2 touch=ready sleep=600' ::: a
	[ -e ready.termed.1 ]
	[ -e ready.termed.2 ]
}

@test "what cannot be killed is named, its slot stays empty, its task is not tried again" {
	needs_root
	cp "$COVEY_HELPERS/misbehave" rooted
	chmod 4755 rooted
	as_other ./rooted become-root || skip 'setuid has no effect here'
	printf '#!/bin/sh\nexec setpriv --reuid 54321 --regid 54321 --clear-groups "%s" "$@"\n' \
	    "$COVEY" >other
	chmod +x other
	COVEY=$PWD/other start -j 2 --tries 3 --retry-interval 0 -c '
		[ {} != stuck ] ||
			exec ./rooted become-root hold-file="$LOCKS/x" close-pipes chain=1 exit=3
		misbehave wait-file=go
		echo slot {%}' ::: stuck b c d
	wait_for grep -q 'task 1: .*cannot be killed' err
	: >go
	finish 'exit 123'
	same $'slot 2\nslot 2\nslot 2' "$(<out)"
	match "$(<err)" 'task 1 failed: .*exit 3 \(try 1 of 3, '
	alive 1
	run -1 misbehave reap "$LOCKS"
	wait_for alive 0
}

# leftover WORD...: a child that does this and succeeds is leaky; what it left is gone
leftover() {
	run -0 --separate-stderr covey misbehave hold-file="$LOCKS/x" "$@" ::: print=done
	same done "$output"
	match "$stderr" 'covey: .*left processes behind'
	alive 0
	(($(ls "$LOCKS" | wc -l) > 1))
}

@test "a success that leaves a background child is leaky, and the child is killed" {
	leftover chain=1
}

@test "a success that leaves a daemon is leaky" {
	leftover double-fork
}

@test "a success that leaves a daemon without pipes is leaky" {
	leftover close-pipes double-fork
}

@test "a success that leaves what ignores SIGTERM is leaky" {
	leftover ignore-term close-pipes double-fork
}

@test "a success that leaves a daemon with nothing in its environment is leaky" {
	leftover env-clear close-pipes double-fork
}

@test "a success that leaves nothing is not leaky" {
	run -0 --separate-stderr covey sh -c 'sleep 0.05 & wait; echo {}' ::: done
	same '' "$stderr"
}

@test "a crash that leaves a daemon: that is killed, too" {
	run -123 covey misbehave hold-file="$LOCKS/x" close-pipes double-fork ::: crash=segv
	alive 0
}

@test "a pipe that a leftover holds open does not hold up the run" {
	start -j 1 misbehave ignore-term hold-file="$LOCKS/x" double-fork ::: print=a print=b
	finish 'exit 0'
	same $'a\nb' "$(<out)"
}

@test "an attempt never overlaps the one before, however that ended" {
	# ready once an attempt has timed out and one has failed, each with its tree
	in_time 123 covey --tries 3 --retry-interval 10ms --timeout MSECms --kill-after 50ms -c '
		misbehave alive "$LOCKS" >ready.seen.$COVEY_ATTEMPT
		set -- hold-file="$LOCKS/x" ignore-term close-pipes double-fork chain=2
		case $COVEY_ATTEMPT in
		1) exec misbehave "$@" touch=ready.1 sleep=600;;
		2) [ ! -e ready.1 ] || exec misbehave "$@" touch=ready.2 exit=3;;
		3) [ ! -e ready.2 ] || exec misbehave "$@" touch=ready exit=3;;
		esac' ::: a
	same $'0\n0\n0' "$(cat ready.seen.*)"
}

@test "a slot is not reused while something of its last tree lives" {
	run -0 covey -j 1 -c '
		misbehave alive "$LOCKS" >>seen
		misbehave hold-file="$LOCKS/x" ignore-term close-pipes double-fork' ::: a b c
	same $'0\n0\n0' "$(<seen)"
}

@test "--keep-leftovers: they are left alone, after covey's end, too" {
	run -0 covey --keep-leftovers misbehave hold-file="$LOCKS/x" close-pipes double-fork ::: print=done
	same done "$output"
	alive 1
	run -1 misbehave reap "$LOCKS"
	wait_for alive 0
}

@test "kill -9 of the supervisor: nothing is left" {
	start -j 3 misbehave ignore-term hold-file="$LOCKS/x" double-fork chain=2 sleep=600 ::: print=1 print=2
	wait_for alive 8
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
	wait_for alive 0
}

@test "kill -9 of the supervisor: daemons with nothing in their environment go, too" {
	start misbehave hold-file="$LOCKS/x" env-clear close-pipes double-fork sleep=600 ::: print=1
	wait_for alive 2
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
	wait_for alive 0
}

@test "kill -9 of the guard: the supervisor stops in order, and nothing is left" {
	start -j 3 --kill-after 100ms \
	    misbehave ignore-term hold-file="$LOCKS/x" double-fork chain=2 sleep=600 ::: print=1 print=2
	wait_for alive 8
	kill -KILL "$pid"
	finish 'signal SIGKILL'
	wait_for alive 0
}

# dies_of NAME: covey passes it on to the trees, shows what there is, and dies of it
dies_of() {
	start -j 2 misbehave hold-file="$LOCKS/x" print=from-{} double-fork touch={} sleep=600 ::: a b
	wait_for test -e a
	wait_for test -e b
	kill -"$1" "$pid"
	finish "signal SIG$1"
	alive 0
	match "$(cat out err)" 'from-a'
	match "$(cat out err)" 'from-b'
}

@test "SIGINT" {
	dies_of INT
}

@test "SIGTERM" {
	dies_of TERM
}

@test "SIGHUP" {
	dies_of HUP
}

# With so many at once, the supervisor runs them from a thread other than its main one.
@test "many at once: what tasks leave behind is found, and a timeout ends all of it" {
	run -0 --separate-stderr covey -j 100 -c 'set -- /proc/$PPID/task/*
		[ $# = 2 ] && exec misbehave hold-file="$LOCKS/x" close-pipes double-fork' ::: {1..40}
	same 40 "$(grep -c 'left processes behind, which were killed' <<<"$stderr")"
	alive 0
	in_time 123 covey -j 100 --timeout MSECms --kill-after 100ms \
	    misbehave hold-file="$LOCKS/x" ignore-term close-pipes double-fork touch=ready sleep=600 ::: \
	    print={1..10}
	same 10 "$(grep -c 'timed out' <<<"$(grep '^covey: task' <<<"$stderr")")"
	alive 0
}

@test "many at once: a signal, to the guard or to the supervisor alone" {
	for who in guard supervisor; do
		start -j 100 misbehave hold-file="$LOCKS/x" double-fork touch={} sleep=600 ::: a b
		wait_for test -e a
		wait_for test -e b
		if [ "$who" = guard ]; then kill -TERM "$pid"; else kill -TERM "$(supervisor)"; fi
		finish 'signal SIGTERM'
		alive 0
		rm a b run.pid run.status
	done
}

@test "a signal to the supervisor alone does the same" {
	start misbehave hold-file="$LOCKS/x" touch=ready sleep=600 ::: print=a
	wait_for test -e ready
	kill -TERM "$(supervisor)"
	finish 'signal SIGTERM'
	alive 0
}

@test "after a signal no new task starts" {
	start -j 1 misbehave touch={} sleep=600 ::: a b
	wait_for test -e a
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	[ ! -e b ]
}

@test "the trees get the grace that --kill-after gives" {
	start --kill-after 1m sh -c 'trap "echo bye >answer; exit 0" TERM; : >ready; sleep 600 & wait' ::: a
	wait_for test -e ready
	kill -INT "$pid"
	finish 'signal SIGINT'
	same bye "$(<answer)"
}

@test "a second signal kills at once" {
	start --kill-after 1h misbehave hold-file="$LOCKS/x" note-term=termed touch=ready sleep=600 ::: print=a
	wait_for test -e ready
	kill -INT "$pid"
	wait_for test -e termed
	# so soon after the first it may be taken for the same request: then again
	wait_for insist
	finish 'signal SIGINT'
	alive 0
}

insist() {
	kill -INT "$pid" || :
	[[ -e run.status ]]
}

@test "a child that goes over to another process group is stopped like any other" {
	in_time 123 covey --timeout MSECms --kill-after 1h -c \
	    'exec perl -e '\''setpgrp(0, getpgrp(getppid())); exec @ARGV'\'' misbehave "hold-file={}" touch=ready \
	    sleep=600' ::: "$LOCKS/x"
	match "$stderr" 'timed out after '
	alive 0
}

@test "where /proc is another PID namespace's, covey says so and runs nothing" {
	unshare -p -f true || skip 'PID namespaces are not allowed here'
	run -125 --separate-stderr timeout 60 unshare -p -f covey -c ': >ran' ::: 1
	match "$stderr" "'/proc' shows another PID namespace"
	[ ! -e ran ]
	# with one of its own
	run -0 timeout 60 unshare -p -f --mount-proc covey echo ::: 1
	same 1 "$output"
}
