# covey --xargs with options of covey's own, and where it differs from GNU xargs. That it is the same
# otherwise is what tests/xargs/compare shows.

bats_require_minimum_version 1.5.0
load common

@test "a line of xargs' gets retries" {
	printf '1\n2\n3\n' >in
	run -0 --separate-stderr covey --xargs --tries 2 --retry-interval 0 -n1 \
	    sh -c 'echo out $0; [ $0 != 2 ] || [ -e again ] || { : >again; exit 7; }' <in
	same $'out 1\nout 2\nout 3' "$(sorted "$output")"
	match "$stderr" 'exit 7; attempt 2 of 2'
}

@test "options before --xargs, and by the name of xargs" {
	ln -s "$COVEY" xargs
	run -123 --separate-stderr covey --tries 2 --retry-interval 0 --xargs -n1 false <<<a
	match "$stderr" 'try 2 of 2'
	run -123 --separate-stderr ./xargs -n1 --retries 1 --retry-interval 0 false <<<a
	match "$stderr" 'try 2 of 2'
}

@test "exit statuses are those of xargs" {
	run -124 --separate-stderr covey --xargs --slow 1m -n1 sh -c 'exit $0' <<<'0 255 0'
	match "$stderr" 'exit 255'
	run -125 --separate-stderr covey --xargs --slow 1m -n1 sh -c 'kill -9 $$' <<<'a b'
	run -127 --separate-stderr covey --xargs --slow 1m nosuch <<<'a b'
	run -126 --separate-stderr covey --xargs --slow 1m . <<<'a b'
	run -123 --separate-stderr covey --xargs --slow 1m -n1 sh -c 'exit $0' <<<'0 1 0'
	run -1 --separate-stderr covey --xargs --slow 1m -n1 echo <<<'a "b'
	same a "$output"
	match "$stderr" 'unmatched double quote'
}

@test "what has no meaning together is refused" {
	run -1 --separate-stderr covey --xargs --link echo </dev/null
	match "$stderr" "option '--link' has no meaning for xargs"
	run -1 --separate-stderr covey -0 --xargs echo </dev/null
	match "$stderr" "option '-0' has no meaning for xargs"
	run -1 --separate-stderr covey --xargs -p --tries 2 echo </dev/null
	match "$stderr" "option '-p'"
	run -1 --separate-stderr covey --xargs --timeout x echo </dev/null
	match "$stderr" "'x' is not a duration"
}

@test "names that both have are xargs'" {
	run -0 --separate-stderr covey --xargs --slow 1m --max-args 1 --no --verbose echo <<<'a b'
	same $'a\nb' "$output"
	match "$stderr" 'echo a'
}

@test "an argument too long for the kernel is never taken for a command" {
	head -c 131072 /dev/zero | tr '\0' x >big
	run -1 --separate-stderr covey --xargs -I% -s 200000 true % <big
	same "covey: can't call exec() due to argument size restrictions" "$stderr"
}

@test "a line too long for the kernel is run in parts, and all of it" {
	run -0 --separate-stderr bash -c "ulimit -s 200; seq 50000 | '$COVEY' --xargs echo | tr ' ' '\n' |
	    cmp - <(seq 50000)"
	same '' "$stderr"
}

@test "a terminal is asked" {
	run -0 --separate-stderr script -qec "echo a b | '$COVEY' --xargs -p -n1 touch" /dev/null \
	    < <(printf 'y\nn\n')
	match "$output" 'touch a\?\.\.\.'
	[[ -e a && ! -e b ]]
}

@test "a terminal is standard input with -o" {
	run -0 --separate-stderr script -qec "echo a | '$COVEY' --xargs -o sh -c 'test -t 0 && echo tty'" \
	    /dev/null </dev/null
	match "$output" tty
}
