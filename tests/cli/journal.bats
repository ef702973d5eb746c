#!/usr/bin/env bats
# The journal: what was reported is on record, and only what is left runs again.
load common

# query SQL: of the journal j
query() {
	sqlite3 j "$1"
}

# on_record QUERY WANT: the journal says so by now
on_record() {
	[[ $(query "$1") == "$2" ]]
}

sound() {
	same ok "$(query 'PRAGMA integrity_check')"
}

# supervise WORD...: kill -9 the supervisor of the covey that start started, and wait for its end
kill_supervisor() {
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
}

@test "a run, its tasks and their attempts" {
	run -123 covey --journal j --tries 2 --retry-interval 1ms sh -c 'echo out; echo err >&2; exit {}' ::: 0 3
	same '1|123|1|1|1' "$(query 'SELECT id, status, succeeded, failed, input_read FROM run')"
	same $'1|0|success|1\n2|3|exit|2' \
	    "$(query 'SELECT number, input, outcome, attempts FROM task ORDER BY number')"
	same $'1|1|success|0|4|4\n2|1|exit|3|4|4\n2|2|exit|3|4|4' "$(query "
	    SELECT t.number, a.number, a.outcome, status, stdout_bytes, stderr_bytes
	    FROM attempt a JOIN task t ON t.id = a.task ORDER BY 1, 2")"
	same err "$(query "SELECT DISTINCT rtrim(stderr_tail, char(10)) FROM attempt")"
	same 0 "$(query 'SELECT count(*) FROM attempt WHERE pid IS NULL OR duration < 0 OR ended < started')"
	same 2 "$(query 'SELECT count(*) FROM task t JOIN attempt a ON a.id = t.last_attempt AND a.task = t.id')"
	sound
	# one file again
	[ ! -e j-wal ]
	[ ! -e j-shm ]
}

@test "arguments are recorded to the byte" {
	printf 'a\377b\0\xc3\xa9\0' | covey -0 --journal j printf '%s' >/dev/null
	same 7072696E746600257300 "$(query 'SELECT substr(hex(argv), 1, 20) FROM task LIMIT 1')"
	same $'blob|61FF62\ntext|C3A9' "$(query 'SELECT typeof(input), hex(input) FROM task ORDER BY number')"
}

@test "at most 64 KiB of stderr, its end" {
	covey --journal j sh -c 'head -c 100000 /dev/zero | tr "\0" x >&2; printf end >&2' ::: a 2>/dev/null
	same '100003|65536|end' "$(query 'SELECT stderr_bytes, length(stderr_tail), substr(stderr_tail, -3) FROM attempt')"
}

@test "an attempt is on record while it runs, and after covey was killed" {
	start --journal j -j 2 misbehave hold-file="$LOCKS/x" touch=ready sleep=600 ::: a
	wait_for test -e ready
	wait_for on_record 'SELECT count(*) FROM attempt WHERE outcome IS NULL AND pid > 0' 1
	kill_supervisor
	alive 0
	same '1||1' "$(query 'SELECT r.id, r.ended, count(*) FROM run r JOIN task ON run = r.id WHERE outcome IS NULL')"
	sound
}

# every line that was printed is on record as a success; $1: the journal
reported_are_recorded() {
	local line

	while read -r line; do
		same success "$(query "SELECT outcome FROM task WHERE input = '$line'")"
	done <out
}

@test "what was printed is on record" {
	start --journal j -j 4 sh -c 'echo {}' ::: {1..3000}
	wait_for test -s out
	kill_supervisor
	[ -s out ]
	reported_are_recorded
	sound
}

@test "--resume runs what was not finished, and nothing else" {
	mkdir done
	command=(sh -c 'echo x >>done/{}; [ {} != b ] || exit 3; [ {} != c ] || [ -e go ] || sleep 600')
	start --journal j -j 1 "${command[@]}" ::: a b c d
	wait_for test -e done/c
	kill_supervisor
	: >go
	# added in front, moved, removed
	run -123 --separate-stderr covey --journal j --resume -j 1 "${command[@]}" ::: new d c b a
	same '1 1 2 1 1' "$(for i in a b c d new; do wc -l <done/$i; done | xargs)"
	match "$stderr" 'resuming run 1 .*killed.*: 1 succeeded and are left out, 1 failed and are left out'
	match "$stderr" '2 tasks left out: 1 succeeded before, 1 failed before'
	# and once more there is nothing to do, but b has failed
	run -123 --separate-stderr covey --journal j --resume "${command[@]}" ::: new d c b a
	same '1 1 2 1 1' "$(for i in a b c d new; do wc -l <done/$i; done | xargs)"
	# without b all is well
	run -0 --separate-stderr covey --journal j --resume "${command[@]}" ::: new d c a
}

@test "--resume names the directory of the run, where it is another one" {
	mkdir a "b c"
	run -0 covey --journal j true ::: 1
	run -0 --separate-stderr covey --journal j --resume true ::: 1
	match "$stderr" 'resuming run 1 \([^,]*, exit 0\): 1 succeeded'
	cd "b c"
	run -0 --separate-stderr covey --journal ../j --resume true ::: 1
	cd ../a
	run -0 --separate-stderr covey --journal ../j --resume true ::: 1
	match "$stderr" "resuming run 3 \\([^,]*, exit 0, in '[^']*/b c'\\): 1 succeeded"
}

@test "--resume-failed runs what failed, too" {
	mkdir done
	command=(sh -c 'echo x >>done/{}; [ {} != b ] || [ -e go ] || exit 3')
	run -123 covey --journal j "${command[@]}" ::: a b
	: >go
	run -0 --separate-stderr covey --journal j --resume-failed "${command[@]}" ::: a b
	same '1 2' "$(for i in a b; do wc -l <done/$i; done | xargs)"
	run -0 --separate-stderr covey --journal j --resume "${command[@]}" ::: a b
	same '1 2' "$(for i in a b; do wc -l <done/$i; done | xargs)"
}

@test "equal tasks are told apart by their number" {
	command=(sh -c 'echo {} >>ran')
	run -0 covey --journal j "${command[@]}" ::: a a
	run -0 covey --journal j --resume "${command[@]}" ::: a a a
	same 3 "$(wc -l <ran)"
}

@test "numbers are those of the input" {
	command=(sh -c 'echo {} $COVEY_TASK; exit {}')
	run -0 covey --journal j "${command[@]}" ::: 0
	run -123 --separate-stderr covey --journal j --resume "${command[@]}" ::: 0 3
	same '3 2' "$output"
	match "$stderr" 'task 2 failed'
}

@test "--retry-failed needs no command and no input, and goes where the tasks were" {
	mkdir d
	cd d
	run -123 covey --journal ../j --tries 2 --retry-interval 1ms --tag \
	    sh -c 'echo $COVEY_TRIES; echo x >>ran-{}; [ {} = a ] || [ -e go ] || exit 3' ::: a b
	: >go
	cd ..
	run -0 --separate-stderr covey --journal j --retry-failed </dev/null
	same $'b\t2' "$output"
	same '1 3' "$(for i in a b; do wc -l <d/ran-$i; done | xargs)"
	match "$stderr" 'retrying run 1 .*: 1 succeeded and are left out, 1 failed and are run again'
	run -0 --separate-stderr covey --journal j --retry-failed --tries 5
	same '' "$output"
}

@test "a run of another command is not resumed" {
	covey --journal j echo a ::: 1 2 >/dev/null
	before=$(query .dump)
	refused --journal j --resume echo b ::: 1 2
	match "$stderr" "no run of this command.*echo a"
	same "$before" "$(query .dump)"
}

@test "nothing to resume, nothing to retry" {
	run -0 --separate-stderr covey --journal j --resume echo ::: a
	same a "$output"
	match "$stderr" 'nothing to resume'
	refused --journal none --retry-failed
	[ ! -e none ]
	refused --resume echo ::: a
	refused --journal j --retry-failed echo ::: a
}

@test "a file that is not a journal stays as it is" {
	seq 100 >text
	sqlite3 other 'CREATE TABLE t (x)'
	cp other other.before
	cp text text.before
	mkfifo fifo
	for file in text other fifo . /dev/null /nowhere/j; do
		refused --journal "$file" echo ::: a
		match "$stderr" "'$file'"
	done
	cmp text text.before
	cmp other other.before
}

# as_nobody COMMAND...: without root's leave to write everywhere
as_nobody() {
	if ((EUID != 0)); then
		"$@"
	else
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	fi
}

@test "a directory that cannot be written" {
	mkdir closed
	run -123 covey --journal closed/j false ::: a
	cp closed/j before
	chmod 666 closed/j
	chmod 555 closed
	let_others_in
	as_nobody test -x "$COVEY" || skip 'others than root may not run what was built here'
	for arguments in '--journal closed/new' '--journal closed/j' '--journal closed/j --resume' '--joblog closed/log'; do
		run -2 --separate-stderr as_nobody "$COVEY" $arguments touch "$TMPDIR/ran" ::: a
		one_complaint
		match "$stderr" "'closed/(new|log)': Permission denied|'closed/j': its directory is not writable"
	done
	chmod 444 closed/j
	run -2 --separate-stderr as_nobody "$COVEY" --journal closed/j --retry-failed
	one_complaint
	# but it can be read
	run -123 as_nobody "$(dirname "$COVEY")/covey-report" closed/j
	match "$output" 'task 1 failed'
	[ ! -e "$TMPDIR/ran" ]
	chmod 755 closed
	cmp closed/j before
	# and what was left by a covey that was killed
	start --journal closed/k misbehave touch=ready sleep=600 ::: a
	wait_for test -e ready
	kill_supervisor
	chmod 444 closed/k*
	chmod 555 closed
	run -123 as_nobody "$(dirname "$COVEY")/covey-report" closed/k
	match "$output" 'task 1 did not finish'
	chmod 755 closed
	rm closed/k-shm
	chmod 555 closed
	run -2 as_nobody "$(dirname "$COVEY")/covey-report" closed/k
	match "$output" "'closed/k' has a write-ahead log.*'closed/k-wal'"
	chmod 755 closed
}

@test "bytes are the same when tasks run again" {
	printf 'a\377b\0c\nd\0' >items
	command=(sh -c '[ -e go ] && printf "%s" "$1" | od -An -tx1' -- '{}')
	run -123 --separate-stderr covey -0 -a items --journal j "${command[@]}"
	same '61ff6200630a6400' "$("$(dirname "$COVEY")/covey-report" --failed0 j | od -An -tx1 | tr -d ' \n')"
	: >go
	run -0 --separate-stderr covey -k -0 -a items --journal j --resume-failed "${command[@]}"
	same $' 61 ff 62\n 63 0a 64' "$output"
	run -123 covey -0 -a items --journal k sh -c '[ -e went ] && printf "%s" "$1" | od -An -tx1' -- '{}'
	: >went
	run -0 --separate-stderr covey -k --journal k --retry-failed
	same $' 61 ff 62\n 63 0a 64' "$output"
	run -0 sqlite3 k 'SELECT hex(input) FROM task WHERE outcome IS NOT "exit" ORDER BY number'
	same $'61FF62\n630A64' "$output"
}

@test "a journal of an older covey goes on" {
	run -123 covey --journal j sh -c 'exit {}' ::: 0 3
	query 'CREATE INDEX task_key ON task (key, series, occurrence); ALTER TABLE task DROP COLUMN retry_interval;
	    PRAGMA user_version = 1' >/dev/null
	query 'UPDATE task SET occurrence = 1'
	run -2 "$(dirname "$COVEY")/covey-report" j
	match "$output" 'format 1; the next run'
	run -123 --separate-stderr covey --journal j --resume sh -c 'exit {}' ::: 3 0 0
	match "$stderr" '2 tasks left out: 1 succeeded before, 1 failed before'
	same 1 "$(query 'SELECT count(*) FROM task WHERE run = 2')"
	run -123 "$(dirname "$COVEY")/covey-report" j
	sound
}

@test "a journal of a newer covey is refused" {
	covey --journal j echo ::: a >/dev/null
	query 'PRAGMA user_version = 99' >/dev/null
	cp j before
	refused --journal j echo ::: a
	match "$stderr" 'format 99.*newer'
	cmp j before
}

@test "one covey at a time" {
	start --journal j misbehave touch=ready wait-file=go ::: print=x
	wait_for test -e ready
	refused --journal j echo ::: a
	match "$stderr" 'in use by another covey'
	: >go
	finish 'exit 0'
	same 1 "$(query 'SELECT count(*) FROM run')"
}

@test "others read while covey writes" {
	start --journal j -j 1 misbehave touch=ready wait-file=go ::: print=x
	wait_for test -e ready
	wait_for on_record 'SELECT count(*) FROM attempt' 1
	: >go
	finish 'exit 0'
}

@test "SIGTERM: the run's end and the tasks that were stopped are on record" {
	start --journal j -j 1 misbehave touch=ready sleep=600 ::: a b
	wait_for test -e ready
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	same '|15' "$(query 'SELECT status, signal FROM run')"
	same 'cancelled' "$(query 'SELECT outcome FROM task WHERE number = 1')"
	sound
}

@test "--journal-sync full" {
	run -0 covey --journal j --journal-sync full echo ::: a
	same success "$(query 'SELECT outcome FROM task')"
	refused --journal-sync full echo ::: a
	refused --journal j --journal-sync half echo ::: a
}

# started: the inputs of the last run in the order of their starts
started() {
	query 'SELECT input FROM task t JOIN attempt a ON a.task = t.id
	    WHERE run = (SELECT max(id) FROM run) AND a.number = 1 ORDER BY a.id' | xargs
}

# took SECONDS INPUT: its runs, whose durations are as measured else, have taken so long
took() {
	query "UPDATE task SET duration = $1 WHERE input = '$2'"
}

@test "--order longest: unknown ones, then those that have taken longest when they succeeded" {
	command=(sh -c 'echo {#}; [ {} != f ] || exit 3; exit 0')
	run -123 covey --journal j "${command[@]}" ::: x x a f b c
	took 2 a; took 3 b; took 2 c; took 9 f; took 1 x
	# {#} makes another command of another number
	run -123 covey --journal j -j 1 --order longest "${command[@]}" ::: x x a f b c
	same 'f b a c x x' "$(started)"
	same '4|f' "$(query 'SELECT number, input FROM task WHERE run = 2 ORDER BY id LIMIT 1')"
	command=(test -e)
	touch a b c
	covey --journal j "${command[@]}" ::: a b c
	took 2 a; took 3 b; took 5 c
	run -123 --separate-stderr covey --journal j -j 1 --order longest "${command[@]}" ::: new a b x2 c
	same 'new x2 c b a' "$(started)"
	match "$stderr" 'task 1 failed: test -e new:'
	match "$stderr" 'task 4 failed: test -e x2:'
}

@test "--order longest goes by the median of all runs" {
	for i in 1 2 3; do covey --journal j true ::: a b; done
	# medians 2 and 3; last runs, means and sums say the opposite
	query "UPDATE task SET duration = CASE WHEN input = 'a' THEN CASE run WHEN 1 THEN 1 WHEN 2 THEN 2 ELSE 99 END
	    ELSE CASE run WHEN 1 THEN 4 WHEN 2 THEN 3 ELSE 1 END END"
	covey --journal j -j 1 --order longest true ::: a b
	same 'b a' "$(started)"
	covey --journal j -j 1 --order input true ::: a b
	same 'a b' "$(started)"
}

@test "--order longest with -k, --resume, and an end before all have run" {
	command=(sh -c 'echo {}; [ {} != c ] || [ -e go ] || exit 3')
	covey --journal j true ::: 1
	run -123 --separate-stderr covey --journal j "${command[@]}" ::: a b c d
	took 1 a; took 2 b; took 3 c; took 4 d
	run -123 --separate-stderr covey --journal j -j 1 -k --order longest --fail-fast "${command[@]}" ::: a b c d
	# c is unknown, and the first
	same c "$output"
	match "$stderr" '; ended by --halt$'
	: >go
	run -0 covey --journal j -j 1 --order longest --resume-failed "${command[@]}" ::: d x b a c y
	same 'x c y d b a' "$(started)"
	for output in '' --lb; do
		run -0 --separate-stderr covey --journal j -j 1 -k $output --order longest "${command[@]}" ::: b a d c
		same $'b\na\nd\nc' "$output"
	done
	run -0 --separate-stderr covey --journal j -j 2 -k --order longest --resume "${command[@]}" ::: z b a d q c
	same $'z\nq' "$output"
}

@test "--order longest -k: nobody waits for the turn of a task that was left out" {
	command=(misbehave)
	covey --journal j "${command[@]}" ::: print=a print=b >/dev/null
	start --journal j --resume -j 2 -k --order longest "${command[@]}" ::: print=a print=c print=b wait-file=go
	wait_for grep -q c out
	: >go
	finish 'exit 0'
	same c "$(<out)"
}

@test "--order longest needs a journal that can be asked" {
	refused --order longest true ::: a
	match "$stderr" "'--order longest' needs '--journal'"
	refused --journal j --order longest --dry-run true ::: a
	refused --journal j --order longest --retry-failed
	refused --journal j --order shortest true ::: a
	run -1 covey --xargs --order longest true
	match "$output" 'no meaning for xargs'
	[ ! -e j ]
	# where it is a recorded option, --retry-failed has its own order
	run -123 covey --journal j --order longest false ::: a
	run -123 covey --journal j --retry-failed
}

@test "--joblog: GNU parallel's columns" {
	run -123 covey -j 1 --joblog log sh -c 'echo hi; exit {}' ::: 0 3
	run -123 covey -j 1 --joblog +log sh -c 'kill -{} $$' ::: KILL
	run -123 covey -j 1 --joblog +log --timeout 50ms sleep ::: 600
	same $'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand' "$(head -1 log)"
	same $'1\t:\t0\t3\t0\t0\tsh -c \'echo hi; exit 0\'
2\t:\t0\t3\t3\t0\tsh -c \'echo hi; exit 3\'
1\t:\t0\t0\t0\t9\tsh -c \'kill -KILL $$\'
1\t:\t0\t0\t-1\t15\tsleep 600' "$(tail -n +2 log | cut -f 1,2,5-)"
	same 4 "$(grep -cP '^\d+\t:\t\d+\.\d{3}\t *\d+\.\d{3}\t' log)"
	run -0 covey --joblog log true ::: a
	same 2 "$(wc -l <log)"
	printf '2\t:\t17' >>log
	run -0 covey --joblog +log true ::: b
	same $'2\t:\t17' "$(sed -n 3p log)"
	match "$(sed -n 4p log)" $'^1\t.*\ttrue b$'
}

@test "--joblog: a task that waited to be run again when all was stopped has its line" {
	start --joblog log --tries 2 --retry-interval 1h -c 'exit 3' ::: a
	wait_for grep -q 'in 1h' err
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	same 3 "$(tail -n 1 log | cut -f 7)"
}

@test "--joblog: one line a task, whatever is in the command" {
	run -0 covey --joblog log true ::: $'a\nb\tc' "it's"
	same 3 "$(wc -l <log)"
}

@test "a job log that cannot be written" {
	run -2 --separate-stderr covey --joblog /dev/full echo ::: a
	match "$stderr" "job log '/dev/full'"
	run -2 --separate-stderr covey --joblog /nowhere/log echo ::: a
	one_complaint
}
