#!/usr/bin/env bats
# --results: a directory for each task, with what it printed and what became of it.
load common

# meta N KEY: what meta.json of a task says
meta() {
	sqlite3 :memory: "SELECT json_extract(readfile('r/$1/meta.json'), '\$.$2')"
}

# listed: all files, in order
listed() {
	find r -type f -printf '%P\n' | sort
}

# recorded OUTCOME NUMBER: the journal has it of that task
recorded() {
	[[ $(sqlite3 j "SELECT outcome FROM task WHERE number = $2") == "$1" ]]
}

# kills the supervisor of the covey that start started as if it had crashed
crash() {
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
}

@test "--results: what each task printed, and what became of it, and the outputs as ever" {
	run -123 --separate-stderr covey -k --results r --tries 2 --retry-interval 0 --retry-on 3 \
	    -c 'echo {} $COVEY_ATTEMPT; echo err-{} >&2; echo because >"$COVEY_REASON"
	    case {} in b) exit 3;; c) kill -9 $$;; esac' ::: a b c
	same $'a 1\nb 2\nc 1' "$output"
	same "$(printf '%s\n' {1,2,3}/{meta.json,stderr,stdout})" "$(listed)"
	same 'a 1' "$(<r/1/stdout)"
	same err-a "$(<r/1/stderr)"
	# of the last attempt alone
	same 'b 2' "$(<r/2/stdout)"
	same err-b "$(<r/2/stderr)"
	same '1|a|success|0||||1|2|4|6' "$(for key in task input[0] outcome status signal error reason attempts tries stdout_bytes stderr_bytes; do meta 1 $key; done | paste -sd '|')"
	same '2|b|exit|3||because|2' "$(for key in task input[0] outcome status signal reason attempts; do meta 2 $key; done | paste -sd '|')"
	same 'signal|0|SIGKILL|1' "$(for key in outcome status signal attempts; do meta 3 $key; done | paste -sd '|')"
	same 1 "$(sqlite3 :memory: "SELECT json_extract(m, '\$.ended') >= json_extract(m, '\$.started')
	    AND json_extract(m, '\$.seconds') < 60 AND json_extract(m, '\$.max_rss_bytes') > 100000
	    FROM (SELECT readfile('r/2/meta.json') AS m)")"
}

@test "--results: valid JSON whatever the items are, and their bytes all the same" {
	items=(plain 'two words' $'"\\\n\t\x01\x7f' $'\xff\xfe' $'\xed\xa0\x80x' $'\xe2\x82\xac' '')
	run -0 covey --results r true ::: "${items[@]}"
	for n in {1..7}; do
		same 1 "$(sqlite3 :memory: "SELECT json_valid(readfile('r/$n/meta.json'))")"
		wanted=${items[n - 1]}
		if [[ $(meta $n input_hex[0]) ]]; then
			same "$(printf %s "$wanted" | od -An -v -tx1 | tr -d ' \n')" "$(meta $n input_hex[0])"
			same "$(printf %s "$wanted" | od -An -v -tx1 | tr -d ' \n')" "$(meta $n command_hex[1])"
		else
			same "$wanted" "$(meta $n command[1])"
		fi
	done
	[[ $(meta 4 input_hex[0]) && $(meta 5 input_hex[0]) && ! $(meta 6 input_hex[0]) ]]
}

@test "--results: outputs are whole where less of them is shown, and also line by line" {
	big='head -c 300000 /dev/zero | tr "\0" x; echo; head -c 200000 /dev/zero | tr "\0" y >&2'
	run -0 --separate-stderr covey --max-output 1K --results r -c ": {}; $big" ::: a
	((${#output} < 2000))
	same '300001 200000' "$(stat -c %s r/1/stdout r/1/stderr | paste -sd ' ')"
	rm -r r
	run -0 --separate-stderr covey --line-buffer --tag --results r -c "$big; echo {}" ::: a b
	same "$(printf 'x%.0s' {1..300000}; printf '\nb')" "$(<r/2/stdout)"
	same '200000' "$(stat -c %s r/2/stderr)"
}

@test "--results: what was not started has none; what was stopped has what it printed" {
	start -j 2 --results r -c 'echo begun; case {} in a) exit 1;; esac; : >b.runs; exec misbehave sleep=600' ::: a b c
	wait_for test -e b.runs
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	[[ ! -e r/3/meta.json ]] || same cancelled "$(meta 3 outcome)"
	same 'begun|cancelled' "$(<r/2/stdout)|$(meta 2 outcome)"
	# and one that waits for its next attempt what the last one has printed
	rm -r r run.*
	start --results r --tries 2 --retry-interval 1h -c 'echo {}; echo why >"$COVEY_REASON"; false' ::: a
	wait_for grep -q 'in 1h' err
	[[ ! -e r/1 ]]
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	same 'a|exit|why' "$(<r/1/stdout)|$(meta 1 outcome)|$(meta 1 reason)"
}

@test "--results: after a crash there are whole results and unfinished ones, and --resume completes them" {
	start -j 2 --journal j --results r -c 'echo {}; [ {} = a ] || { echo more; : >{}.runs; misbehave wait-file=go; }' ::: a b c
	wait_for test -e b.runs -a -e c.runs
	wait_for test -e r/1
	wait_for recorded success 1
	crash
	same $'.running-2\n.running-3\n1' "$(ls -A r | sort)"
	same 'a|success' "$(<r/1/stdout)|$(meta 1 outcome)"
	: >go
	touch r/1/kept
	run -0 --separate-stderr covey -j 2 --journal j --results r --resume \
	    -c 'echo {}; [ {} = a ] || { echo more; : >{}.runs; misbehave wait-file=go; }' ::: a b c
	same $'1\n2\n3' "$(ls -A r | sort)"
	same $'b\nmore|success' "$(<r/2/stdout)|$(meta 2 outcome)"
	[[ -e r/1/kept ]]
}

@test "--results: a resumed run replaces what it runs again, and nothing of another task" {
	run -123 covey --journal j --results r -c 'echo {}; [ {} != b ] || test -e b' ::: a b c
	same exit "$(meta 2 outcome)"
	: >b
	# the numbers move
	run -0 covey --journal j --resume-failed --results r -c 'echo {}; [ {} != b ] || test -e b' ::: new a b c
	same 'a new b c' "$(cat r/{1,1.2,3.2,3}/stdout | paste -sd ' ')"
	run -123 covey --journal k --results s -c 'echo {}; [ {} != b ]' ::: a b c
	run -123 covey --journal k --retry-failed
	same $'1\n2\n3' "$(ls -A s)"
	same 1 "$(sqlite3 :memory: "SELECT json_extract(readfile('s/2/meta.json'), '\$.started')
	    > json_extract(readfile('s/3/meta.json'), '\$.ended')")"
}

@test "--results are replaced where file systems cannot exchange names, too" {
	needs_strace
	[[ $(uname -m) == x86_64 ]] || skip 'the call that is made to fail may be the one that renames'
	run -123 covey --journal j --results r -c 'echo {}; [ -e go ]' ::: a b
	: >go
	run -0 strace -f -o trace -e trace=renameat2 -e inject=renameat2:error=EINVAL \
	    "$COVEY" --journal j --results r --resume-failed -c 'echo {}; [ -e go ]' ::: a b
	match "$(<trace)" INJECTED
	same $'1\n2' "$(ls -A r)"
	same 'success success' "$(meta 1 outcome) $(meta 2 outcome)"
}

@test "--results: --shard and --shuf keep the numbers, so that results can be put together" {
	for part in 1 2 3; do
		covey -q --shuf --shard $part/3 --results parts/$part echo ::: {11..30}
	done
	mkdir r
	mv parts/*/* r
	same "$(seq 20)" "$(ls r | sort -n)"
	same 17 "$(<r/7/stdout)"
}

@test "--results with --xargs" {
	run -0 --separate-stderr covey --xargs --results r -n 2 echo <<<'a b c'
	same $'a b\nc' "$output"
	same $'a b\nc' "$(cat r/1/stdout r/2/stdout)"
	same '["echo","a","b"]' "$(meta 1 command)"
}

@test "--results: a directory with something in it, or in use, is refused" {
	mkdir r
	: >r/something
	refused --results r touch ::: ran
	match "$stderr" "option '--results': 'r' is not empty: "
	refused --results r/something touch ::: ran
	refused --results r/something/below touch ::: ran
	refused --results '' touch ::: ran
	refused -u --results s touch ::: ran
	# a command that cannot be run leaves nothing behind
	refused --results s no-such-command ::: ran
	[[ ! -e ran && ! -e s ]]
	start --results s misbehave touch=runs wait-file=go ::: print=x
	wait_for test -e runs
	refused --results s touch ::: ran
	match "$stderr" "'s' is in use by another covey"
	[[ ! -e ran ]]
	: >go
	finish 'exit 0'
	same x "$(<s/1/stdout)"
}

@test "--results: where they cannot be written any more, what runs is finished and shown" {
	run -125 --separate-stderr covey -j 1 --results r -c 'echo {}; [ {} != b ] || rm -r r; echo after' ::: a b c
	same $'a\nafter\nb\nafter' "$output"
	match "$stderr" "covey: cannot write results to 'r/.running-2(/[a-z.]*)?': No such file or directory; what runs may finish, and no more is started"
}

@test "--results: a FIFO that a task has put there does not hold up the run" {
	run -125 --separate-stderr timeout -k 1 20 "$COVEY" --results r \
	    -c 'until [ -e r/.running-1/stderr ]; do sleep 0.01; done
	    rm r/.running-1/stdout; mkfifo r/.running-1/stdout; echo {}' ::: a
	same a "$output"
	match "$stderr" "cannot write results to 'r/.running-1/stdout'"
}

@test "--results: one descriptor does for any number of tasks" {
	run -0 --separate-stderr prlimit --nofile=100:100 "$COVEY" -j 0 --results r \
	    -c 'echo {}; echo >&2; misbehave sleep=0.05; echo {}' ::: {1..60}
	same 60 "$(ls r | wc -l)"
	same $'60\n60' "$(<r/60/stdout)"
}
