# --once runs one command, and ends as that command ends.

load common

@test "the exit status is the command's own" {
	local status

	for status in 0 1 2 77 123 125 255; do
		ends "$status" covey -q --once sh -c "exit $status"
	done
}

@test "a signal is 128 and its number" {
	ends 143 covey -q --once sh -c 'kill -TERM $$'
	ends 137 covey -q --once sh -c 'kill -KILL $$'
}

@test "a timeout and a deadline are 124" {
	ends 124 covey -q --once --timeout 0.1 sleep 60
	ends 124 covey -q --once --deadline 0.1 sleep 60
}

@test "a command that is not there is 127, one that cannot be run is 126" {
	: >plain
	ends 127 covey -q --once ./nothing
	ends 126 covey -q --once ./plain
}

@test "no items and no input are read" {
	run -0 --separate-stderr covey --once cat <<<'not read'
	same '' "$output$stderr"
	{ covey --once true; cat; } <<<'left alone' >rest
	same 'left alone' "$(<rest)"
}

@test "the command's words are as they are" {
	run -0 covey --once printf '<%s>' {} '{.}' '{1}' :: ::: :::x '' '{= s/a/b/ =}' -k --tries
	same '<{}><{.}><{1}><::><:::><:::x><><{= s/a/b/ =}><-k><--tries>' "$output"
}

@test "evil words do no harm" {
	run -0 covey --once printf '%s\n' "${evil[@]}"
	same "$(printf '%s\n' "${evil[@]}")" "$output"
	unharmed '--once'
}

@test "output appears at once, even a part of a line" {
	mkfifo go
	covey --once --tries 2 sh -c 'printf "name? "; printf "err " >&2; cat go; exit 0' \
	    >out 2>err 3>&- &
	wait_for grep -q 'name? ' out
	wait_for grep -q 'err ' err
	echo on >go
	wait "$!"
	same 'name? on' "$(<out)"
}

@test "every attempt's output is shown, and the last one decides" {
	run -0 --separate-stderr covey --once --tries 3 --retry-interval 0 sh -c \
	    'echo "try $COVEY_ATTEMPT"; test "$COVEY_ATTEMPT" = 2'
	same $'try 1\ntry 2' "$output"
	match "$stderr" 'flaky'
	run -7 --separate-stderr covey --once --tries 2 --retry-interval 0 sh -c 'echo x; exit 7'
	same $'x\nx' "$output"
	match "$stderr" 'exit 7'
}

@test "a tag comes before whole lines" {
	run -0 covey --once --tagstring T sh -c 'printf a; sleep 0.01; echo b; printf c'
	same $'T\tab\nT\tc' "$output"
}

@test "what is left behind is ended" {
	run -0 --separate-stderr covey --once \
	    sh -c 'misbehave "hold-file=$LOCKS/x" touch=up setsid sleep=60 &
	    until [ -e up ]; do sleep 0.01; done'
	match "$stderr" 'left processes behind'
	ends 124 covey -q --once --timeout 0.5 misbehave "hold-file=$LOCKS/y" setsid sleep=60
}

@test "the journal has it, and --resume runs it until it has succeeded" {
	run -3 covey -q --once --journal j sh -c 'echo why >&2; test -e ok || exit 3'
	same $'exit|3|why\n' "$(sqlite3 j 'SELECT outcome, status, stderr_tail FROM attempt')"$'\n'
	: >ok
	run -0 --separate-stderr covey --once --journal j --resume-failed \
	    sh -c 'echo why >&2; test -e ok || exit 3'
	match "$stderr" 'why'
	run -0 --separate-stderr covey --once --journal j --resume \
	    sh -c 'echo why >&2; test -e ok || exit 3'
	match "$stderr" '1 succeeded before'
}

@test "--retry-match, --results and -u" {
	run -1 covey --once -u sh -c 'echo "$COVEY_ATTEMPT"; exit 1'
	match "$output" '^1'
	run -1 --separate-stderr covey -q --once --tries 2 --retry-interval 0 --retry-match reset \
	    sh -c 'echo "$COVEY_ATTEMPT"; echo refused >&2; exit 1'
	same 1 "$output"
	run -0 covey --once --results r echo kept
	same kept "$(<r/1/stdout)"
}

@test "--dry-run shows the command" {
	run -0 covey --once --dry-run echo {} ::: a
	same "echo '{}' ::: a" "$output"
}

@test "what has no meaning without items is refused" {
	refused --once
	match "$stderr" "needs COMMAND"
	refused --once -c 'echo x'
	refused --once -a f echo
	refused --once -0 echo
	refused --once -n 2 echo
	refused --once --tag echo
	refused --once --shard 1/2 echo
	refused --once -r echo
	refused --once --order longest --journal j echo
	run -1 --separate-stderr covey --once --xargs echo
	match "$stderr" "'--once' has no meaning for xargs"
}
