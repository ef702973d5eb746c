#!/usr/bin/env bats
# Nothing that happens to one child reaches another.
load common

@test "a crash, a flood and closed streams of others do not touch a task" {
	run -123 --separate-stderr covey -j 4 -c '
		case {} in
		crashes) exec misbehave touch=crashes.runs crash=segv;;
		floods) exec misbehave touch=floods.runs flood=3000000,err flood=3000000;;
		closes) exec misbehave close-own touch=closes.runs wait-file=go;;
		esac
		echo begun
		misbehave wait-file=crashes.runs wait-file=floods.runs wait-file=closes.runs
		: >go
		echo ended >&2
		echo ended' ::: crashes floods closes works
	match "$output" $'(^|\n)begun\nended($|\n)'
	match "$stderr" $'(^|\n)ended($|\n)'
	match "$stderr" 'task 1 failed: .*SIGSEGV'
	match "$stderr" '4 tasks: 3 succeeded, 1 failed$'
}

@test "tasks that run at once have pipes of their own" {
	run -0 covey -j 2 -c '
		out=$(readlink /proc/$$/fd/1) err=$(readlink /proc/$$/fd/2)
		printf "%s\n" "$out" "$err" >pipes.{}
		: >runs.{}
		misbehave wait-file=runs.a wait-file=runs.b' ::: a b
	same 4 "$(cat pipes.a pipes.b | grep '^pipe:' | sort -u | wc -l)"
}

@test "children inherit no descriptor of what covey has open" {
	printf 'a\nb\n' >in
	run -0 covey -a in --journal j --joblog log --results r --tries 2 --timeout 1h -j 2 -c '
		: >runs.{}
		misbehave wait-file=runs.a wait-file=runs.b
		ls /proc/$$/fd'
	same $'0\n1\n2' "$(sort -u <<<"$output")"
}
