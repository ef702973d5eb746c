#!/usr/bin/env bats
# Output that is lost is a failure, which --resume repairs.

load common

outcomes() {
	sqlite3 "${1:-j}" 'SELECT number, outcome FROM task ORDER BY id' | tr '\n' ' '
}

@test 'a TMPDIR that cannot be used is refused before anything runs' {
	TMPDIR=/nonexistent run -125 covey --journal j sh -c 'echo x >>ran' ::: a
	match "$output" "cannot keep output in '/nonexistent', which TMPDIR names: No such file"
	[[ ! -e ran ]]
	TMPDIR=/nonexistent run -0 covey -u echo ::: a
	same a "$output"
}

@test 'an output that cannot be kept whole is no success, and --resume runs the task again' {
	local status=0 script='if [ $1 = big ]; then '
	script+='[ -e again ] || mv "$TMPDIR" away; head -c 2000000 /dev/zero | tr "\0" x; fi; echo "$1"'
	"$COVEY" --journal j -j1 --joblog log sh -c "$script" sh ::: small big >out 2>err || status=$?
	same 125 "$status"
	match "$(<err)" 'task 2 failed: .*its output was lost'
	match "$(<err)" "reason: cannot keep what it has printed: '.*/tmp': No such file"
	match "$(<err)" '1 succeeded, 1 failed'
	# what comes next begins a line of its own
	same 'x|' "$(tail -c 2 out | tr '\n' '|')"
	same '1|success 2|lost ' "$(outcomes)"
	match "$(sqlite3 j "SELECT reason FROM attempt WHERE outcome = 'lost'")" 'cannot keep'
	match "$(tail -n 1 log)" $'\t125\t0\t'
	mv away "$TMPDIR"
	touch again
	"$COVEY" --journal j --resume -j1 sh -c "$script" sh ::: small big >out
	same 2000004 "$(wc -c <out)"
	match "$(outcomes)" '2\|success $'
}

@test 'what cannot be printed is no success in the journal' {
	status=0
	"$COVEY" --journal k -j1 echo ::: a b >/dev/full 2>err || status=$?
	same 125 "$status"
	match "$(<err)" 'cannot write to standard output: No space left on device'
	match "$(outcomes k)" '^1\|lost '
	run -0 covey --journal k --resume -j1 echo ::: a b
	match "$output" $'a\nb'
}

@test 'the same with --keep-order, for a task whose turn came later' {
	local status=0
	"$COVEY" --journal k -k -j2 sh -c 'test $1 = a && until test -e b; do sleep 0.01; done; echo $1; touch $1' sh \
	    ::: a b >/dev/full 2>err || status=$?
	same 125 "$status"
	same '1|lost 2|lost ' "$(outcomes k)"
}

@test 'standard error that cannot be written is an error' {
	run -125 bash -c '"$COVEY" sh -c "echo out; echo e >&2" ::: a 2>/dev/full'
	same out "$output"
}

@test 'results that cannot be saved whole are no success' {
	run -125 covey --journal j --results r -j1 sh -c 'until rm r/.running-1/stderr; do sleep 0.01; done; rm -r r/.running-1; echo "$1"' sh ::: a
	match "$output" "cannot write results to 'r/"
	match "$output" '0 succeeded, 1 failed'
	same '1|lost ' "$(outcomes)"
}

@test 'a limit on the size of files ends covey with a message' {
	local status=0
	(ulimit -f 8; exec "$COVEY" -j1 sh -c "head -c 100000 /dev/zero" ::: a b) >out 2>err || status=$?
	same 125 "$status"
	match "$(<err)" 'cannot write to standard output: File too large'
	# the commands have the signal as it was
	run -123 bash -c 'ulimit -f 1; "$COVEY" sh -c "exec head -c 100000 /dev/zero >f" ::: a'
	match "$output" 'SIGXFSZ'
}
