#!/usr/bin/env bats
# covey-report: what a journal has to say.
load common

report() {
	"$(dirname "$COVEY")/covey-report" "$@"
}

# on_record QUERY WANT: the journal j says so by now
on_record() {
	[[ $(sqlite3 j "$1") == "$2" ]]
}

@test "a clean run" {
	covey --journal j echo ::: a b >/dev/null
	run -0 --separate-stderr report j
	match "$output" 'run 1: .*covey.* --journal j echo ::: a b'
	match "$output" '2 succeeded, 0 failed, 0 not finished'
	match "$output" 'task 1 took .*: echo a'
}

@test "what failed and why, and what was flaky" {
	run -123 covey --journal j --tries 2 --retry-interval 1ms -j 1 sh -c '
		echo "err {}" >&2
		[ {} != bad ] || { echo "no luck" >"$COVEY_REASON"; exit 3; }
		[ {} != odd ] || [ -e once ] || { : >once; exit 1; }' ::: good bad odd
	run -123 --separate-stderr report j
	match "$output" '2 succeeded \(1 flaky\), 1 failed'
	match "$output" 'task 2 failed: .*: exit 3 \(try 2, .*'$'\n''    reason: no luck'$'\n''    \| err bad'
	match "$output" 'task 3 is flaky: .*succeeded at try 2'
}

@test "--flaky: how often commands have failed and then succeeded, over all runs" {
	command=(sh -c 'case {} in
		bad) exit 3;;
		odd) [ -e odd$R ] || { : >odd$R; exit 1; };;
		even) [ $R != 2 ] || [ -e even$R ] || { : >even$R; exit 1; };;
		esac')
	export R
	for R in 1 2 3; do
		run -123 --separate-stderr covey --journal j --tries 2 --retry-interval 1ms "${command[@]}" ::: good bad odd even
	done
	run -123 covey --journal j "${command[@]}" ::: odd bad
	run -123 --separate-stderr report --flaky j
	same 2 "${#lines[@]}"
	match "${lines[0]}" '^flaky 3 of 4 times, last in run 3: .* odd in'
	match "${lines[1]}" '^flaky 1 of 3 times, last in run 2: .* even in'
	rm odd3
	run -0 covey --journal j --tries 2 --retry-interval 1ms "${command[@]}" ::: odd
	R=4 run -123 covey --journal j "${command[@]}" ::: odd
	R=4 run -0 covey --journal j "${command[@]}" ::: odd
	run -0 --separate-stderr report --flaky j
	match "${lines[0]}" '^flaky 4 of 7 times \(failed 1\), last in run 5: '
	run -2 report --flaky --run 1 j
	match "$output" "'--run' cannot be used with '--flaky'"
	run -2 report --list --run 1 j
}

@test "--failed0 is for the next pipeline" {
	run -123 covey --journal j -0 test ::: $'a\nb' '' $'c d'
	run -123 covey --journal j false ::: $'a\nb' 'c d'
	same '610a62006320640' "$(report --failed0 j | od -An -tx1 | tr -d ' \n' | sed 's/0$//')"
}

@test "a run that did not come to the end of its input" {
	run -123 covey --journal j -j 1 --fail-fast test ::: '' x y z
	run -123 --separate-stderr report j
	match "$output" '0 succeeded, 1 failed, 0 not finished; the input was not read to its end'
	run -123 covey --journal j --resume-failed test ::: '' x y z
	run -123 --separate-stderr report j
	match "$output" '3 succeeded, 1 failed, 0 not finished'$'\n'
	run -123 covey --journal j --retry-failed
	run -123 --separate-stderr report j
	match "$output" '0 succeeded, 1 failed, 0 not finished'$'\n'
}

@test "a run that continues others answers for what they have left" {
	command=(sh -c 'echo "err $0" >&2; echo "no $0" >"$COVEY_REASON"; exit $([ -e fixed ] || echo $0)')
	run -123 covey --journal j "${command[@]}" ::: 0 3 4
	run -123 covey --journal j --resume "${command[@]}" ::: 0 3 4 5
	run -123 --separate-stderr report j
	match "$output" '0 succeeded, 1 failed, 0 not finished; left out: 1 succeeded before, 2 failed before'
	match "$output" $'\n''task 2 of run 1 failed: .* 3: exit 3 .*'$'\n''    reason: no 3'$'\n''    \| err 3'$'\n'
	match "$output" $'\n''task 3 of run 1 failed: .*'$'\n''task 4 failed: .* 5: exit 5 '
	lacks "$output" 'of run 1 took'
	same '3 4 5 ' "$(report --failed0 j | tr '\0' ' ')"
	run -123 report --failed0 j
	# what succeeds later is no longer left, but was when the earlier run ended
	touch fixed
	run -0 covey --journal j --resume-failed "${command[@]}" ::: 0 3 4 5
	run -0 report --failed0 j
	same '' "$output"
	run -0 report j
	lacks "$output" failed:
	same '3 4 ' "$(report --failed0 --run 1 j | tr '\0' ' ')"
	same '3 4 5 ' "$(report --failed0 --run 2 j | tr '\0' ' ')"
	run -123 report --run 2 j
	match "$output" 'task 3 of run 1 failed: .* 4: exit 4 '
}

@test "a run that continues others answers for nothing that is no longer in its input" {
	run -123 covey --journal j sh -c 'exit $0' ::: 0 3
	run -0 covey --journal j --resume sh -c 'exit $0' ::: 0
	run -0 report --failed0 j
	same '' "$output"
	run -0 report j
	lacks "$output" failed:
}

@test "a run that continues others answers for what it has not come to" {
	run -123 covey --journal j -j 1 sh -c 'exit $0' ::: 3 0 4
	run -123 covey --journal j -j 1 --fail-fast --resume-failed sh -c 'exit $0' ::: 3 0 4
	run -123 --separate-stderr report j
	match "$output" '0 succeeded, 1 failed, 0 not finished; the input was not read to its end'
	match "$output" 'task 1 failed: .* 3: exit 3 '
	match "$output" 'task 3 of run 1 failed: .* 4: exit 4 '
	same '3 4 ' "$(report --failed0 j | tr '\0' ' ')"
}

@test "--list and --run" {
	covey --journal j echo ::: a >/dev/null
	run -123 covey --journal j false ::: b
	run -123 --separate-stderr report --list j
	match "$output" 'run 1: .* echo ::: a.*exit 0.*run 2: .* false ::: b.*exit 123'
	run -0 --separate-stderr report --run 1 j
	run -123 --separate-stderr report --run 2 j
	run -2 --separate-stderr report --run 3 j
	match "$stderr" "has no run 3"
	run -2 --separate-stderr report --run x j
	match "$stderr" "^covey-report: option '--run': 'x' is not a number"
}

@test "a run that was killed, and one that goes on" {
	start --journal j misbehave hold-file="$LOCKS/x" touch=ready sleep=600 ::: a
	wait_for test -e ready
	wait_for on_record 'SELECT count(*) FROM attempt' 1
	run -123 --separate-stderr report j
	match "$output" ': running'
	match "$output" 'task 1 has not finished yet: misbehave'
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
	run -123 --separate-stderr report j
	match "$output" ': killed'
	match "$output" 'task 1 did not finish: misbehave'
	rm ready run.*
	start --journal j misbehave hold-file="$LOCKS/x" touch=ready sleep=600 ::: b
	wait_for test -e ready
	run -123 --separate-stderr report --run 1 j
	match "$output" ': killed'
	run -123 --separate-stderr report --list j
	match "$output" 'run 1: .*: killed.*run 2: .*: running'
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}

@test "nothing in a journal reaches the terminal as it is" {
	run -123 covey --journal j sh -c 'printf "\033[31mred\n" >&2; exit 1' ::: $'x\033[2J'
	run -123 --separate-stderr report j
	lacks "$output" $'\033'
}

@test "what is no journal is refused, and left alone" {
	seq 100 >text
	cp text before
	for file in text /dev/null nope .; do
		run -2 --separate-stderr report "$file"
		match "$stderr" "^covey-report: .*'$file'"
	done
	cmp text before
	run -2 report
	run -2 report a b
}

@test "the first run with --resume is a resume of none" {
	run -0 covey --journal j --resume true ::: a
	run -0 report j
	lacks "$output" 'resume of'
	run -0 covey --journal j --resume true ::: a
	run -0 report j
	match "$output" 'resume of run 1: exit 0'
}
