#!/usr/bin/env bats
# Failures are named: what, how, how often, and what it said.
load common

@test "where all went well, covey says nothing" {
	run -0 --separate-stderr covey echo ::: a b
	same '' "$stderr"
}

@test "a failed task: its number, command, exit status" {
	run -123 --separate-stderr covey -j 1 sh -c 'exit {}' ::: 0 3
	match "$stderr" "(^|"$'\n'")covey: task 2 failed: sh -c 'exit 3': exit 3"
	lacks "$stderr" 'task 1'
}

@test "the command can be pasted into a shell" {
	item=$'a b\'c"d$e`f\\g*'
	run -123 --separate-stderr covey -c 'printf "%s" {} >got; exit 3' ::: "$item"
	same "$item" "$(<got)"
	rm got
	line=$(grep -m 1 '^covey: task 1 failed: ' <<<"$stderr")
	line=${line#covey: task 1 failed: }
	run -3 bash -c "${line%%: exit 3*}"
	same "$item" "$(<got)"
}

@test "signals have names" {
	run -123 --separate-stderr covey misbehave ::: crash=segv signal=KILL
	match "$stderr" 'covey: task 1 failed: misbehave crash=segv: .*SIGSEGV'
	match "$stderr" 'covey: task 2 failed: misbehave signal=KILL: .*SIGKILL'
}

@test "who ended it is said: a timeout, the deadline, a halt, an operator" {
	run -123 --separate-stderr covey --timeout 100ms sleep ::: 600
	match "$stderr" 'task 1 failed: sleep 600: timed out after 100ms '
	run -124 --separate-stderr covey --deadline 100ms sleep ::: 600
	match "$stderr" 'task 1 failed: sleep 600: .*deadline of 100ms'
	run -123 --separate-stderr covey -j 2 --halt now,fail=1 -c '
		[ {} = a ] || { misbehave wait-file=a.runs; exit 1; }
		: >a.runs; exec sleep 600' ::: a b
	match "$stderr" 'task 1 stopped: .*: --halt '
	start misbehave touch=ready sleep=600 ::: a
	wait_for test -e ready
	kill -HUP "$pid"
	finish 'signal SIGHUP'
	match "$(<err)" 'task 1 stopped: misbehave .*: SIGHUP '
}

@test "who ended it is said: somebody else" {
	run -123 --separate-stderr covey sh -c 'kill -s "$0" $$' ::: KILL TERM INT SEGV
	match "$stderr" 'task 1 failed: .*: SIGKILL \(not sent by covey\)'
	match "$stderr" 'task 2 failed: .*: SIGTERM \(not sent by covey\)'
	lacks "$stderr" 'SIGSEGV \(not sent'
}

# little_memory: makes a cgroup with 32 MiB; $cgroup
little_memory() {
	local file

	cgroup=/sys/fs/cgroup/memory/covey-$BASHPID
	[[ -d ${cgroup%/*} ]] || cgroup=/sys/fs/cgroup/covey-$BASHPID
	mkdir "$cgroup" || skip 'cgroups cannot be made here'
	for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.max; do
		[[ ! -e $cgroup/$file ]] || echo 32M >"$cgroup/$file" || :
	done
	[[ ! -e $cgroup/memory.swap.max ]] || echo 0 >"$cgroup/memory.swap.max"
	[[ -e $cgroup/memory.limit_in_bytes || -e $cgroup/memory.max ]] ||
	    { rmdir "$cgroup"; skip 'memory cannot be limited here'; }
}

@test "who ended it is said: the OOM killer" {
	[[ -z ${COVEY_SANITIZERS:-} ]] || skip 'sanitizers take more memory than there is'
	((EUID == 0)) || skip 'needs root, to limit memory'
	little_memory
	run -123 --separate-stderr bash -c 'echo $$ >"$1/cgroup.procs"; exec "$COVEY" perl -e "$2" ::: a' \
	    - "$cgroup" '$x = "x" x 2e8'
	wait_for rmdir "$cgroup"
	match "$stderr" 'task 1 failed: perl .*: killed by the OOM killer'
}

@test "how long it took" {
	run -123 --separate-stderr covey sh -c 'sleep 0.3; exit 3' ::: a
	match "$stderr" 'exit 3 \(([0-9]+m?s|[0-9.]+s)\)'
	lacks "$stderr" 'exit 3 \([0-2]?[0-9]?[0-9]ms\)'
}

@test "an exit status of 139 is not a signal" {
	run -123 --separate-stderr covey misbehave ::: exit=139
	match "$stderr" 'exit 139'
	lacks "$stderr" 'SIG'
}

@test "a timeout says how long it was" {
	run -123 --separate-stderr covey --timeout 250ms sleep ::: 600
	match "$stderr" $'covey: task 1 failed: sleep 600: timed out after 250ms($|[^0-9a-z])'
}

@test "the number of tries" {
	run -123 --separate-stderr covey --tries 3 --retry-interval 10ms false ::: a
	match "$stderr" 'covey: task 1 failed: .*(3 (tries|attempts)|(try|attempt) 3 of 3)'
}

@test "the last lines of stderr" {
	run -123 --separate-stderr covey -q sh -c 'echo out; exit 3' ::: a
	run -123 --separate-stderr covey -j 1 \
	    -c 'for i in $(seq 100); do echo "line $i" >&2; done; exit 3' ::: a
	# once as the attempt's own output, once in the summary
	same 2 "$(grep -c 'line 100$' <<<"$stderr")"
	same 1 "$(grep -c 'line 1$' <<<"$stderr")"
}

@test "the counts" {
	run -123 --separate-stderr covey -j 1 sh -c 'exit {}' ::: 0 0 0 3 4
	match "$stderr" 'covey: .*2 .*failed'
	match "$stderr" '(3 .*succeeded|of 5)'
}

@test "no colours and no cursor movements where stderr is no terminal" {
	run -123 --separate-stderr covey false ::: a
	lacks "$stderr" $'\e'
	lacks "$stderr" $'\r'
}

@test "a leaky success is counted as a success, and named" {
	run -0 --separate-stderr covey misbehave hold-file="$LOCKS/x" close-pipes double-fork ::: print=x
	match "$stderr" 'covey: task 1: .*left processes behind'
}

@test "SIGUSR1 shows what is running, and nothing stops" {
	start -j 2 misbehave wait-file=go ::: print=first print=second
	wait_for runs misbehave
	kill -USR1 "$pid"
	wait_for grep -q 'wait-file=go print=first' err
	wait_for grep -q 'wait-file=go print=second' err
	: >go
	finish 'exit 0'
}

@test "what failed and then succeeded is flaky, by name" {
	run -0 --separate-stderr covey -j 1 --tries 3 --retry-interval 1ms \
	    sh -c '[ {} = ok ] || [ $COVEY_ATTEMPT = {} ]' ::: ok 2 3
	match "$stderr" "covey: task 2 is flaky: sh -c .*: succeeded at try 2 of 3"
	match "$stderr" "covey: task 3 is flaky: sh -c .*: succeeded at try 3 of 3"
	match "$stderr" 'covey: 3 tasks: 3 succeeded \(2 flaky\), 0 failed'
	lacks "$stderr" 'task 1 is'
	# ten are named, and what failed comes first
	run -123 --separate-stderr covey -j 4 --tries 2 --retry-interval 1ms \
	    sh -c '[ {} != 5 ] && [ $COVEY_ATTEMPT = 2 ]' ::: {1..13}
	same 10 "$(grep -c 'is flaky: ' <<<"$stderr")"
	match "$stderr" 'task 5 failed.*is flaky.*'$'\n''covey: 2 more tasks are flaky'$'\n''covey: 13 tasks: 12 succeeded \(12 flaky\), 1 failed$'
	run -0 --separate-stderr covey -q --tries 2 --retry-interval 1ms sh -c '[ $COVEY_ATTEMPT = 2 ]' ::: a
	same '' "$stderr"
}
