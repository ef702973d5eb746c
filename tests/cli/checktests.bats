#!/usr/bin/env bats
# scripts/check-tests finds what asserts nothing in a bats test.
load common

check() {
	"$COVEY_SRC/scripts/check-tests" "$@"
}

# test_of LINE...: writes a file with a test of these lines
test_of() {
	printf '%s\n' '@test "some test" {' "$@" '}' >some.bats
}

# fine LINE...: nothing is said about them
fine() {
	test_of "$@"
	run -0 check some.bats
	same '' "$output"
}

# caught N LINE...: a fault in line N of these, and no other
caught() {
	test_of "${@:2}"
	run -1 --separate-stderr check some.bats
	match "$stderr" "^some.bats:$(($1 + 1)): [^"$'\n'"]*\$"
}

@test "the tests here are without fault" {
	run -0 check
	same '' "$output"
}

@test "! asserts as the last command of a test only" {
	fine 'true' '! grep -q x file'
	caught 1 '! grep -q x file' 'true'
	caught 1 'true; ! grep -q x file; true'
	fine 'if ! true; then' 'false' 'fi' 'true'
	fine 'run ! true' 'true'
	fine '[ ! -e x ]' '[[ ! -e x && ! -e y ]]' 'true'
	fine '! harmed || { echo no; return 1; }' 'true'
}

@test "! in a loop or a condition asserts nothing" {
	caught 2 'for x in 1 2; do' '! harmed' 'done'
	caught 1 'while read -r x; do ! harmed; done <file'
	caught 2 'if true; then' '! harmed' 'fi'
	caught 2 'case $x in' 'a) ! harmed;;' 'esac'
	caught 3 'for x in 1 2; do' 'for y in 1 2; do' '! harmed' 'done' 'done'
}

@test "! in a function" {
	printf '%s\n' 'helper() {' '	! harmed' '	true' '}' >some.bash
	run -1 --separate-stderr check some.bash
	match "$stderr" '^some.bash:2: '
	printf '%s\n' 'helper() {' '	true' '	! harmed' '}' >some.bash
	run -0 check some.bash
}

@test "a command before && asserts nothing, unless the list is the last command" {
	caught 1 '[ -e a ] && [ -e b ]' 'true'
	caught 1 'harmed && return 1' 'true'
	fine 'true' '[ -e a ] && [ -e b ]'
	fine '[[ -e a && -e b ]]' '((1 < 2 && 2 < 3))' 'true'
	fine '[ -e a ] && [ -e b ] || return 1' 'true'
}

@test "run has a status, or somebody looks at it" {
	caught 1 'run covey x' 'same x "$output"'
	caught 1 'run --separate-stderr covey x' 'run -0 covey y'
	fine 'run -0 covey x' 'run -123 --separate-stderr covey x' 'run --separate-stderr -2 covey x'
	fine 'run covey x' '[ "$status" -ne 0 ]'
	fine 'run covey x' '((status == 0)) || false'
	caught 1 'A=b run covey x' 'true'
}

@test "what is quoted is no command" {
	fine "covey -c '" '! true' 'true && false' "' ::: a" true
	fine 'covey "$(echo "' '! true' '")"' true
	fine "x=\$'it\\'s" '! true' "'" true
	fine 'cat <<END' '! true' 'END' true
	fine "cat <<-'END'" '! true' '	END' true
	fine 'echo \' '    "! x" # it'"'"'s' 'true'
	fine 'x=${y//"'"'"'"/}' 'true'
	caught 4 'cat <<END' '! true' 'END' '! true' true
	caught 3 "covey -c '" "' ::: a" '! true' true
}

@test "what cannot be read is said" {
	test_of "echo 'no end"
	run -1 --separate-stderr check some.bats
	match "$stderr" 'does not end'
	run -1 --separate-stderr check nosuch
	match "$stderr" "'nosuch' cannot be read"
}
