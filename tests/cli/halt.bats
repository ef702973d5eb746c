#!/usr/bin/env bats
# When to stop early.
load common

@test "--halt soon,fail=1: what runs may finish, nothing new starts" {
	run -123 covey -j 2 --halt soon,fail=1 -c '
		case {} in
		a) : >a.runs; misbehave wait-file=b.failed; sleep 0.2; echo a finished;;
		b) misbehave wait-file=a.runs; : >b.failed; exit 1;;
		c) : >c.ran;;
		esac' ::: a b c
	match "$output" 'a finished'
	[ ! -e c.ran ]
}

@test "--halt now,fail=1: what runs is killed" {
	run -123 covey -j 2 --halt now,fail=1 --kill-after 100ms -c '
		case {} in
		a) exec misbehave hold-file="$LOCKS/x" ignore-term double-fork touch=a.runs sleep=600;;
		b) misbehave wait-file=a.runs; exit 1;;
		c) : >c.ran;;
		esac' ::: a b c
	[ ! -e c.ran ]
	alive 0
}

@test "--fail-fast stops at the first failure" {
	run -123 covey -j 2 --fail-fast --kill-after 100ms -c '
		case {} in
		a) exec misbehave hold-file="$LOCKS/x" touch=a.runs sleep=600;;
		b) misbehave wait-file=a.runs; exit 1;;
		c) : >c.ran;;
		esac' ::: a b c
	[ ! -e c.ran ]
	alive 0
}

@test "fail=2 is content with one failure" {
	run -123 covey -j 1 --halt now,fail=2 -c ': >ran.{}; exit {}' ::: 1 0 2 3
	[ -e ran.0 ]
	[ -e ran.2 ]
	[ ! -e ran.3 ]
}

@test "success=1 stops at the first success" {
	run -0 covey -j 1 --halt now,success=1 -c ': >ran.{}; exit {}' ::: 1 0 2
	[ -e ran.0 ]
	[ ! -e ran.2 ]
}

@test "done=2 stops after two, however they ended" {
	run -123 covey -j 1 --halt soon,done=2 -c ': >ran.{}; exit {}' ::: 1 0 2
	[ -e ran.0 ]
	[ ! -e ran.2 ]
}

@test "fail=50%: a part of all" {
	run -123 covey -j 1 --halt now,fail=50% -c ': >ran.{}; exit {}' ::: 0 1 2 3
	[ -e ran.2 ]
	[ ! -e ran.3 ]
}

@test "tasks count, not attempts" {
	run -123 covey -j 1 --halt now,fail=1 --tries 3 --retry-interval 10ms \
	    -c 'echo {} >>tried; false' ::: a
	same $'a\na\na' "$(<tried)"
}

@test "a task that succeeds in the end has not failed" {
	run -0 covey -j 1 --halt now,fail=1 --tries 2 --retry-interval 10ms misbehave ::: \
	    fail-once=a print=b
}

@test "what was not run for a halt is said" {
	run -123 --separate-stderr covey -j 1 --halt now,fail=1 sh -c 'exit {}' ::: 1 0 0
	match "$stderr" '1 task: 0 succeeded, 1 failed; ended by --halt$'
}

@test "a deadline holds after --halt soon, too" {
	run -124 --separate-stderr covey -j 2 --halt soon,fail=1 --deadline 500ms \
	    -c '[ {} != fail ] || exit 1; exec misbehave "hold-file={}" sleep=600' ::: fail "$LOCKS/x"
	alive 0
}

@test "a percentage holds for items from a pipe, once it has ended" {
	cd "$BATS_TEST_TMPDIR"
	run bash -c '{ seq 20; exec >&-; : >ended; } | covey -j 1 --halt now,fail=10% \
	    sh -c "until [ -e ended ]; do sleep 0.01; done; exit 1"'
	[ "$status" -eq 123 ]
	[[ "$output" == *"20 tasks: 0 succeeded, 2 failed, 18 not started"* ]]
}

@test "a percentage that is reached before the pipe ends holds when it does" {
	cd "$BATS_TEST_TMPDIR"
	run bash -c '{ seq 5; until [ -e fourth ]; do sleep 0.01; done; seq 6 20; } | covey -j 1 \
	    --halt now,fail=10% sh -c "echo >>runs; \
	    [ \"\$1\" -ne 4 ] || { : >fourth; sleep 100; }; exit 1" sh'
	[ "$status" -eq 123 ]
	[[ "$output" == *"20 tasks: 0 succeeded, 3 failed, 1 stopped, 16 not started; ended by --halt"* ]]
	[ "$(wc -l <runs)" -eq 4 ]
}
