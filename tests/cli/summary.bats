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
