#!/usr/bin/env bats
# The first things that anybody tries.
load common

@test "an item after ::: is appended to the command" {
	run -0 --separate-stderr covey echo hello ::: world
	same 'hello world' "$output"
	same '' "$stderr"
}

@test "items come from stdin, a line each" {
	run -0 covey -k echo <<<$'a b\nc'
	same $'a b\nc' "$output"
}

@test "{} is where the item goes" {
	run -0 covey -k echo '<{}>' ::: a b
	same $'<a>\n<b>' "$output"
}

@test "a script with -c gets the item as data" {
	run -0 covey -c 'printf "%s\n" {}' ::: 'a $b'
	same 'a $b' "$output"
}

@test "without a command every line is a shell command" {
	run -0 covey -k <<<$'echo one | tr o 0\nexit 0\necho "two  words"'
	same $'0ne\ntwo  words' "$output"
}

@test "all commands run, however many at once" {
	run -0 covey -j 8 echo <<<"$(seq 200)"
	same "$(seq 200)" "$(sort -n <<<"$output")"
}

@test "one failure makes 123, and is named" {
	run -123 --separate-stderr covey sh -c 'exit {}' ::: 0 3 0
	match "$stderr" 'covey: task 2 failed: .*exit 3'
}

@test "a failed task is tried again and may succeed" {
	run -0 --separate-stderr covey --tries 2 --retry-interval 10ms misbehave fail-once={} print=done ::: a
	same done "$output"
}

@test "a task that hangs is ended at its timeout" {
	run -123 --separate-stderr covey --timeout 200ms misbehave hold-file="$LOCKS/x" sleep=600 ::: a
	match "$stderr" 'timed out'
	alive 0
}

@test "without input nothing runs" {
	run -0 --separate-stderr covey -r touch ran </dev/null
	[ ! -e ran ]
	same '' "$output$stderr"
}

@test "--dry-run shows the commands and runs none" {
	run -0 covey -k --dry-run touch {} ::: a 'b c'
	same $'touch a\ntouch \'b c\'' "$output"
	[ ! -e a ]
}

@test "-t shows each command on stderr" {
	run -0 --separate-stderr covey -t echo ::: 'b c'
	same 'b c' "$output"
	match "$stderr" "echo 'b c'"
}

@test "--version and --help" {
	run -0 covey --version
	match "$output" '^covey .*[0-9]+\.[0-9]+'
	run -0 covey --help
	match "$output" '--retry-interval'
	match "$output" '--timeout'
}
