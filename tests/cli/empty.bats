# Nothing to run is never silent, and what looks like a separator of items is one or is refused.

load common

nothing='covey: no items: nothing was run'

# empty STATUS STDERR ARG...: nothing runs, with that status and that on stderr
empty() {
	run --separate-stderr covey "${@:3}" </dev/null
	same "$1" "$status"
	same '' "$output"
	same "$2" "$stderr"
}

@test "a retry wrapper's user is told that nothing ran" {
	empty 0 "$nothing" --tries 3 sh -c 'echo DEPLOY; exit 1'
}

@test "words that forget ':::' are not lost silently" {
	empty 0 "$nothing" echo {} a b
}

@test "every source may be empty" {
	: >none
	empty 0 "$nothing" echo :::
	empty 0 "$nothing" echo :::: none
	empty 0 "$nothing" -a none echo
	empty 0 "$nothing" --tasks none
	empty 0 "$nothing" echo ::: a b :::
	empty 0 "$nothing" --shuf --seed 1 -k -n 3 echo
	empty 0 "$nothing"
	empty 0 "$nothing" --dry-run echo
}

@test "--empty fail is a failure" {
	empty 123 "$nothing" --empty fail echo
	empty 123 "$nothing" --dry-run --empty fail echo
	empty 123 '' -q --empty fail echo
	run -0 covey --empty fail echo ::: a
	same a "$output"
}

@test "the journal knows of that failure" {
	empty 123 "$nothing" --journal j --empty fail echo
	same 123 "$(sqlite3 j 'SELECT status FROM run')"
}

@test "-r, -q and --empty ok are silent" {
	empty 0 '' -r echo
	empty 0 '' -q echo
	empty 0 '' --empty ok echo
	empty 0 '' -r --dry-run echo
	refused -r --empty fail echo
	refused --empty maybe echo
}

@test "what another part runs, or what ran before, is not nothing" {
	for i in 1 2; do
		run -0 --separate-stderr covey --empty fail --shard "$i/2" --shard-by count echo ::: a
		same '' "$stderr"
	done
	run -0 covey --journal j echo ::: a
	run -0 --separate-stderr covey --journal j --resume --empty fail echo ::: a
	lacks "$stderr" 'no items'
}

@test "xargs is as it was" {
	run -0 --separate-stderr covey --xargs --tries 2 -r echo </dev/null
	same '' "$stderr$output"
}

@test "what looks like a separator is refused with the right one" {
	refused echo {} :: a
	match "$stderr" "items go after ':::'"
	refused echo {} :::a
	match "$stderr" "write '::: a'"
	refused echo {} ::::a
	match "$stderr" "write ':::: a'"
	refused echo ::: a :::+b
	match "$stderr" "write ':::[+] b'"
	refused echo ::: a ::: b :::c
	match "$stderr" "write '::: c'"
}

@test "'::' is a word where the items come from somewhere" {
	run -0 covey echo :: ::: a
	same ':: a' "$output"
	run -0 covey -k echo ::: :: ::1
	same $'::\n::1' "$output"
	run -0 covey -a - echo :: <<<b
	same ':: b' "$output"
}

# on_terminal COMMAND...: its output, with a terminal for all three; its input is one line, x
on_terminal() {
	script -qec "$(printf '%q ' "$@")" /dev/null <<<x | tr -d '\r'
}

@test "who waits at a terminal is told for what" {
	command -v script || skip 'no script(1)'
	run -0 on_terminal "$COVEY" echo got
	match "$output" "reading items from the terminal, one a line; words go after ':::'"
	run -0 on_terminal "$COVEY" echo got ::: y
	lacks "$output" 'terminal'
	run -0 on_terminal "$COVEY" -q echo got
	lacks "$output" 'from the terminal'
}
