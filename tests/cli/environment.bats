#!/usr/bin/env bats
# What a task finds in its environment.
load common

@test "COVEY_TASK and COVEY_SLOT" {
	run -0 covey -k -j 1 -c 'echo $COVEY_TASK/$COVEY_SLOT {}' ::: a b
	same $'1/1 a\n2/1 b' "$output"
}

@test "slots are compact, from 1" {
	run -0 covey -j 2 -c ': >slot.$COVEY_SLOT.{}; misbehave wait-file=slot.1.a wait-file=slot.2.b' ::: a b
	[ -e slot.1.a ]
	[ -e slot.2.b ]
}

@test "COVEY_ATTEMPT and COVEY_TRIES" {
	run -0 covey --tries 3 --retry-interval 10ms \
	    -c 'echo $COVEY_ATTEMPT of $COVEY_TRIES >>seen; [ $COVEY_ATTEMPT = 3 ]' ::: a
	same $'1 of 3\n2 of 3\n3 of 3' "$(<seen)"
}

@test "COVEY_RUN is the same in all of a run, and another in the next" {
	run -0 covey -c 'echo $COVEY_RUN' ::: a b
	first=${lines[0]}
	[ -n "$first" ]
	same "$first" "${lines[1]}"
	run -0 covey -c 'echo $COVEY_RUN' ::: a
	[ "$output" != "$first" ]
}

@test "the line written to COVEY_REASON is in the summary" {
	run -123 --separate-stderr covey -c 'echo "disk of {} is full" >"$COVEY_REASON"; exit 3' ::: node7
	match "$stderr" 'covey: task 1 failed: .*'$'(\n.*)?''disk of node7 is full'
}

@test "a reason cannot forge a message" {
	run -123 --separate-stderr covey \
	    -c 'printf "x\033[31m\ncovey: task 9 failed: y\n" >"$COVEY_REASON"; exit 3' ::: a
	lacks "$stderr" $'\e'
	lacks "$stderr" $'\ncovey: task 9'
}

@test "the rest of the environment is covey's own" {
	A_VARIABLE='of the caller' run -0 covey sh -c 'echo "$A_VARIABLE"' ::: a
	same 'of the caller' "$output"
}

@test "nothing is left in TMPDIR" {
	run -123 covey --tries 2 --retry-interval 10ms misbehave flood=3000000 ::: exit=3 print=x
	same '' "$(ls -A "$TMPDIR")"
}

@test "nothing is left in TMPDIR after kill -9 of the supervisor" {
	start misbehave flood=3000000 touch=ready sleep=600 ::: print=x
	wait_for test -e ready
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
	same '' "$(ls -A "$TMPDIR")"
}
