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
	# how long it runs before and after that is up to the machine: longer, if need be
	for timeout in 1 8 64; do
		rm -f run.* ready go
		start --timeout "$timeout" misbehave hold-file="$LOCKS/x" touch=ready wait-file=go ::: print=done
		wait_for test -e ready -o -e run.status
		[[ ! -e run.status ]] || continue
		kill -TSTP "$pid"
		wait_for state "$pid" T
		sleep "$timeout.1"
		: >go
		kill -CONT "$pid"
		wait_for test -e run.status
		[[ $(<run.status) != 'exit 0' ]] || break
	done
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

# ---- SIGUSR2 ----

@test "SIGUSR2: what runs may finish, nothing else is started or retried, and that is no success" {
	start -j 2 --tries 2 --retry-interval 1h -c ': >{}.runs
	    case {} in a) exit 1;; *) misbehave wait-file=go; echo {};; esac' ::: a b c d e
	wait_for test -e b.runs -a -e c.runs
	wait_for grep -q 'in 1h' err
	kill -USR2 "$pid"
	wait_for grep -q '^covey: SIGUSR2: no more is started; 2 still running$' err
	# again is once
	kill -USR2 "$(supervisor)"
	: >go
	finish 'exit 123'
	same $'b\nc' "$(sort out)"
	[[ ! -e d.runs && ! -e e.runs ]]
	match "$(<err)" 'task 1 is not tried again: .* exit 1 \(try 1 of 2'
	match "$(<err)" '3 tasks: 2 succeeded, 0 failed, 1 stopped; ended by SIGUSR2'
	same 1 "$(grep -c 'SIGUSR2: no more' err)"
}

@test "SIGUSR2: when there is nothing left to be started, the run is whole" {
	start -j 2 misbehave hold-file="$LOCKS/x" wait-file=go ::: print=a print=b
	wait_for alive 2
	kill -USR2 "$(supervisor)"
	wait_for grep -q SIGUSR2 err
	: >go
	finish 'exit 0'
	same $'a\nb' "$(sort out)"
	# from a pipe as well, when its end is there; and not, while more may come
	printf 'print=a\n' >in
	for pipe in 'cat in' 'cat in; exec misbehave wait-file=over'; do
		rm -f run.* go
		misbehave watch run "$COVEY" -a <(eval "$pipe") misbehave touch=runs wait-file=go \
		    >out 2>err </dev/null 3>&- &
		wait_for test -e runs
		rm runs
		pid=$(<run.pid)
		kill -USR2 "$(supervisor)"
		wait_for grep -q SIGUSR2 err
		: >go
		case $pipe in *over) finish 'exit 123';; *) finish 'exit 0';; esac
		same a "$(<out)"
	done
	: >over
}

@test "SIGUSR2: a failure that halts still does, and so do other signals" {
	start -j 2 --fail-fast -c ': >{}.runs; case {} in a) misbehave wait-file=go; exit 1;; *) exec misbehave sleep=600;; esac' ::: a b c
	wait_for test -e a.runs -a -e b.runs
	kill -USR2 "$pid"
	wait_for grep -q SIGUSR2 err
	: >go
	finish 'exit 123'
	rm -f run.* go ./*.runs
	start -c ': >{}.runs; exec misbehave sleep=600' ::: a b
	wait_for test -e a.runs
	kill -USR2 "$pid"
	wait_for grep -q SIGUSR2 err
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}

@test "SIGUSR2: what was not started is in the journal, and --resume starts it" {
	start -j 1 --journal j -c ': >{}.runs; misbehave wait-file=go; echo {}' ::: a b c
	wait_for test -e a.runs
	kill -USR2 "$pid"
	wait_for grep -q SIGUSR2 err
	: >go
	finish 'exit 123'
	run -0 covey -q --journal j --resume -c ': >{}.runs; misbehave wait-file=go; echo {}' ::: a b c
	same $'b\nc' "$(sorted "$output")"
}

@test "SIGUSR1 and SIGUSR2 with --xargs: one more at once, and one less" {
	printf '%s\n' a b c >in
	start --xargs --tries 1 -a in -P 1 -n 1 sh -c ': >$1.runs; misbehave wait-file=$1.go; [ $1 != c ] || [ -e b.over ] || echo early; [ $1 != b ] || : >b.over' -
	wait_for test -e a.runs
	supervisor=$(supervisor)
	kill -USR1 "$supervisor"
	wait_for test -e b.runs
	# the one before has been heard of when the other one has
	kill -USR2 "$supervisor"
	kill -TSTP "$supervisor"
	wait_for state "$supervisor" T
	kill -CONT "$pid"
	: >c.go
	# its number is one again: c comes after both
	: >a.go
	sleep 0.2
	: >b.go
	finish 'exit 0'
	same '' "$(<out)"
	[[ -e c.runs ]]
}

@test "a task's signals are as covey found them" {
	# what was ignored before covey (by make: 32 and 33) stays so; nothing else is
	wanted=$(cat /proc/self/status | grep -E '^Sig(Blk|Ign|Cgt)')
	run -0 covey cat ::: /proc/self/status
	same "$wanted" "$(grep -E '^Sig(Blk|Ign|Cgt)' <<<"$output")"
}

# Engines stop a job by a signal to all of its processes, in whatever order.
@test "a stop that the tasks get, too, is no failure of theirs, and starts nothing" {
	local i pid pids

	for i in {1..5}; do
		rm -f pid.* j.db*
		covey --journal j.db -j 4 sh -c 'echo $$ >pid.$0.new; mv pid.$0.new pid.$0; exec sleep 600' \
		    ::: a b c d e f g h 2>err &
		pid=$!
		for item in a b c d; do
			wait_for test -e "pid.$item"
		done
		mapfile -t pids < <({ echo "$pid"; pgrep -P "$pid"; cat pid.?; } | shuf)
		for victim in "${pids[@]}"; do
			kill -TERM "$victim" 2>/dev/null || :
			sleep "0.0$((RANDOM % 5))"
		done
		ends 143 wait "$pid"
		match "$(<err)" '0 succeeded, 0 failed, 4 stopped.*; ended by SIGTERM'
		same 'cancelled|4' "$(sqlite3 -cmd '.timeout 20000' j.db 'SELECT outcome, count(*) FROM task
		    WHERE attempts > 0 GROUP BY outcome')"
		[ ! -e pid.e ]
	done
}

@test "a task that just ends by SIGTERM has failed, and the others go on" {
	run -123 --separate-stderr covey -j 1 sh -c 'echo $0; [ $0 = b ] || kill $$' ::: a b
	same $'a\nb' "$(sort <<<"$output")"
	match "$stderr" 'task 1 failed: .*SIGTERM'
	match "$stderr" '2 tasks: 1 succeeded, 1 failed$'
}

@test "the first ^C with tasks that are deaf to it says what a second one does" {
	start --kill-after 1h sh -c 'trap "" INT TERM; : >ready; while :; do sleep 0.1; done' ::: a
	wait_for test -e ready
	kill -INT "$pid"
	wait_for grep -q '^covey: stopping; a second ^C kills at once$' err
	kill -INT "$pid"
	finish 'signal SIGINT'
	same 1 "$(grep -c stopping err)"
}
