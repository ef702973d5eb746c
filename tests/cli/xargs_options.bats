# A line of xargs' with options of covey's own: each does what it does elsewhere, or is refused.

bats_require_minimum_version 1.5.0
load common

query() {
	sqlite3 j "$1"
}

# each_of <<rows: "ARG... => WANTED": covey --xargs ARG… prints that, with 1 2 3 as the lines of its input
each_of() {
	local row args

	while IFS= read -r row; do
		args=${row% => *}
		eval "run -0 --separate-stderr covey --xargs $args <in"
		same "$args => ${row##* => }" "$args => ${output//$'\n'/ }"
		stderr=${stderr##covey: * not *}
		same '' "${stderr##covey: *; ended by *}"
	done
}

@test "what covey's options do, they do to a line of xargs'" {
	printf '1\n2\n3\n' >in
	each_of <<-'END'
	--tries 2 echo => 1 2 3
	--retries 1 --retry-interval 0 --backoff 2 --max-interval 1m --jitter 20% -n2 echo => 1 2 3
	--retry-on 7 --no-retry-on 8 --retry-match x --tries 2 -L1 echo => 1 2 3
	--timeout 1m --kill-after 1s --signal INT --slow 1m --deadline 1h -n1 echo => 1 2 3
	--keep-leftovers -I% echo [%] => [1] [2] [3]
	-P3 --keep-order -n1 sh -c 'while [ $0 = 1 ] && [ ! -e two ]; do sleep 0.01; done; echo $0; [ $0 != 2 ] || : >two' => 1 2 3
	--ungroup -n1 echo => 1 2 3
	--line-buffer -n1 echo => 1 2 3
	--max-output 4 --quiet -n1 echo => 1 2 3
	--tag -n2 sh -c 'echo $0 $*' => 1 2	1 2 3	3
	--tagstring '{#}={2}+{}' -n2 sh -c 'echo x' => 1=2+1 2	x 2=+3	x
	--tag -I% echo %% => 1	11 2	22 3	33
	--dry-run -n2 touch "a b" => touch 'a b' 1 2 touch 'a b' 3
	--dry-run -I% touch "x %" => touch 'x 1' touch 'x 2' touch 'x 3'
	--halt soon,done=2 -n1 echo => 1 2
	--halt now,success=1% -n1 echo => 1
	--fail-fast -n1 echo => 1 2 3
	--jobs 1 -P0 --jobs 1 -n1 echo => 1 2 3
	--delay 1ms --rate 100/s --load 100000 --memfree 1K -n1 echo => 1 2 3
	--limit nofile=77 -n3 sh -c 'ulimit -n' => 77
	--jobserver=7 -n3 sh -c 'echo ${MAKEFLAGS%% --*}' => -j7
	--joblog log -n1 echo => 1 2 3
	--journal j --journal-sync full -n1 echo => 1 2 3
	--journal j --resume -n1 echo => 
	--journal j --resume-failed -n1 echo => 
	--progress none --results res -n2 echo => 1 2 3
	--tries 2 --process-slot-var=V -n3 sh -c 'echo $V $COVEY_SLOT $COVEY_TASK $COVEY_TRIES' => 0 1 1 2
	--tries 2 -r -d, true => 
	--xargs --tries 2 -E 2 echo => 1
	END
	[[ ! -e 'a b' && ! -e 'x 1' ]]
	same $((10 + $(nice))) "$(covey --xargs --nice 10 sh -c nice <in)"
	same 4 "$(wc -l <log)"
	# as before it
	same "1 2 3" "$(covey -k --tries 2 --xargs echo <in)"
}

@test "of -P and --jobs the last one counts" {
	run -0 covey --jobs 9 --xargs -P1 -n1 sh -c ': >run-$0; sleep 0.1; rm run-$0; [ ! -e run-$((3 - $0)) ]' <<<'1 2'
	run -0 covey --xargs -P1 --jobs 2 -n1 sh -c ': >run-$0; until [ -e run-$((3 - $0)) ]; do sleep 0.01; done' <<<'1 2'
}

# what xargs is not given, and a line about it
no() {
	run -1 --separate-stderr covey --xargs "$@" touch ran <<<a
	one_complaint
}

@test "options that mean nothing here are refused" {
	for option in --link --header --colsep=, --shell=x --order=longest --shuf --shard=1/2; do
		no "$option"
		match "$stderr" "option '${option%=*}' has no meaning for xargs"
	done
	no --tries 2 -p
	match "$stderr" "option '-p'"
	no --tries 2 -o
	match "$stderr" "option '-o'"
	no --tries 0
	no --retry-on 7
	match "$stderr" "'--retry-on' needs '--tries'"
	no --resume
	match "$stderr" "'--resume' needs '--journal'"
	no --journal j --resume --resume-failed
	no --journal j --retry-failed
	match "$stderr" 'without xargs'
	no --ungroup --tag
	no --xargs=2
	no --journal /nowhere/j
	no --joblog /nowhere/log
	[[ ! -e ran && ! -e j ]]
}

@test "an abbreviation that may be several options names them" {
	no --retr=2
	match "$stderr" "'--retr' is ambiguous: '--retries', '--retry-interval'"
	no --jo 2
	match "$stderr" "'--jobs'.*'--journal'"
	# those of xargs go first
	run -1 --separate-stderr covey --xargs --max 2 echo <<<a
	match "$stderr" "possibilities: '--max-lines' '--max-args' '--max-chars' '--max-procs'"
	[[ ! -e ran ]]
}

@test "a journal has commands as they are run, and their items" {
	run -123 covey --xargs --journal j -n2 sh -c 'exit $1' 'a b' <<<'0 "x y" 3'
	run -0 covey --xargs --journal j -I% echo '[%]' <<<' c d '
	same "1|30007820790A|sh -c 'exit \$1' 'a b' 0 'x y'|success
2|330A|sh -c 'exit \$1' 'a b' 3|exit
1|632064200A|echo '[c d ]'|success" \
	    "$(query "SELECT number, hex(input || char(10)), command, outcome FROM task" | tr -d '\0')"
	same 2 "$(query 'SELECT count(DISTINCT template) FROM run')"
	same 7368002D630065786974202431006120620033 "$(query 'SELECT hex(argv) FROM task WHERE number = 2' | sed 's/00$//')"
}

@test "killed, and resumed: exactly the others" {
	seq 6 >in
	command=(-a in -n2 sh -c 'echo "$@" >>ran; [ $1 != 3 ] || [ -e go ] || { : >here; exec sleep 600; }' x)
	start --xargs --journal j "${command[@]}"
	wait_for test -e here
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
	: >go
	ln -s "$COVEY" xargs
	run -0 --separate-stderr ./xargs --journal j --resume "${command[@]}"
	match "$stderr" 'resuming run 1 .*killed.*: 1 succeeded and are left out'
	same $'1 2\n3 4\n3 4\n5 6' "$(<ran)"
	# another command, or another replace string, is another run
	run -1 --separate-stderr covey --xargs --journal j --resume -a in -n2 echo
	match "$stderr" 'no run of this command'
}

@test "what failed is run again from the journal alone, by either name, as it was run" {
	ln -s "$COVEY" xargs
	command=(-n1 -P2 -t --process-slot-var=V --tries 2 --retry-interval 0 sh -c 'echo "$0 $V"; [ $0 = a ] || [ -e go ]')
	for line in 'covey --xargs' 'covey -k --xargs' ./xargs; do
		rm -f j go
		run -123 $line --journal j "${command[@]}" <<<'a b'
		: >go
		run -0 --separate-stderr covey --journal j --retry-failed
		same 'b 0' "$output"
		match "$stderr" '^covey: retrying run 1 .*'$'\n'"sh -c .* b\$"
	done
}

@test "exit statuses with an option of covey's" {
	local statuses=(
		'127 nosuch' '126 .' '126 ./plain' '124 sh -c "exit 255"' '125 sh -c "kill -9 \$\$"'
		'123 sh -c "exit 1"' '123 sh -c "exit 254"' '0 true' '1 -s1 true' '1 -n0 true' '1 -a none true'
		'124 --deadline 1ms sleep 60' '123 --timeout 1ms sleep 60' '1 --timeout x true'
	)
	: >plain
	for row in "${statuses[@]}"; do
		for option in '--slow 1m' '--tries 2 --retry-interval 0 --journal j'; do
			eval "run -${row%% *} covey --xargs $option ${row#* } <<<x"
		done
	done
	for full in '' --dry-run; do
		run -1 bash -c "'$COVEY' --xargs --tries 2 $full echo <<<a >/dev/full"
	done
}

@test "a line that the kernel would not take is split before it is run" {
	run -0 --separate-stderr bash -c "seq 300000 | '$COVEY' --xargs --tries 2 -s 2000000 echo | tr ' ' '\n' |
	    cmp - <(seq 300000)"
	same '' "$stderr"
	head -c 131072 /dev/zero | tr '\0' x >big
	run -1 --separate-stderr covey --xargs --tries 2 -I% -s 200000 true % <big
	match "$stderr" 'Argument list too long'
}

@test "what ends xargs is said, and what was not run" {
	run -124 --separate-stderr covey --xargs --tries 2 --retry-interval 0 -n1 sh -c 'echo $0; exit $0' <<<'0 255 0'
	same 0 "${output%%$'\n'*}"
	match "$stderr" 'after an exit status of 255 nothing more is started'
	match "$stderr" '2 tasks: 1 succeeded, 1 failed; ended by --xargs'
	run -123 covey --xargs --slow 1m -n1 false <<<'1 2'
	match "$output" '2 tasks: 0 succeeded, 2 failed'
	lacks "$output" 'not read to its end|nothing more'
}

# its tree has a daemon
hold=(misbehave hold-file=locks/x ignore-term setsid close-pipes double-fork touch=ready sleep=3600)

@test "a timeout, a deadline, a signal: trees are gone, detached or not" {
	printf 'print=%s\n' 1 2 >in
	in_time 123 covey --xargs -a in --tries 2 --retry-interval 0 --timeout MSECms --kill-after 0 \
	    -n1 "${hold[@]}"
	match "$stderr" 'task 2 failed: .*timed out after [0-9]+m?s .try 2 of 2'
	alive 0
	in_time 124 covey --xargs -a in --deadline MSECms --kill-after 0 -P2 -n1 "${hold[@]}"
	alive 0
	printf 'print=%s\n' 1 2 3 4 >in
	start --xargs -a in --tries 3 --kill-after 0 -n1 -P2 "${hold[@]}"
	wait_for alive 6
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	alive 0
}

@test "with -a commands have standard input, but no terminal" {
	echo a >in
	same input "$(echo input | covey --xargs --tries 2 -a in sh -c cat)"
	run -0 covey --xargs --tries 2 sh -c cat <<<a
	same '' "$output"
	run -0 --separate-stderr script -qec "'$COVEY' --xargs --tries 2 -a in sh -c 'test -t 0 || echo none'" \
	    /dev/null </dev/null
	match "$output" none
}

@test "the environment: xargs' own, and covey's with its options" {
	run -0 covey --xargs env <<<HERE=yes
	match "$output" HERE=yes
	lacks "$output" $'(^|\n)COVEY_(ATTEMPT|REASON|RUN|SLOT|TASK|TRIES)='
	same "$(printf '%s\n' COVEY_{ATTEMPT,REASON,RUN,SLOT,TASK,TRIES})" \
	    "$(covey --xargs --tries 1 sh -c 'env | grep -Eo "^COVEY_(ATTEMPT|REASON|RUN|SLOT|TASK|TRIES)" | sort' <<<a)"
}
