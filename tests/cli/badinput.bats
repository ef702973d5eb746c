#!/usr/bin/env bats
# Bad input gets one clear line, and exit 2 before anything has run.
load common

@test "options that do not exist" {
	refused --no-such-option touch ::: ran
	match "$stderr" "no-such-option"
	refused -Z touch ::: ran
	match "$stderr" 'Z'
	[ ! -e ran ]
}

@test "an option without its value" {
	refused --timeout
	match "$stderr" 'timeout'
}

@test "numbers that are none, or out of range" {
	for n in -1 x 1x '' 1.5 99999999999999999999 ' '; do
		refused -j "$n" touch ::: ran
		match "$stderr" "'$n'"
	done
	for n in 0 -1 x 1.5 ''; do
		refused --tries "$n" touch ::: ran
		match "$stderr" "'$n'"
	done
	refused -n 0 touch ::: ran
	refused -n -1 touch ::: ran
	[ ! -e ran ]
}

@test "durations that are none" {
	for d in x 1x -1 '' 1mm '1 s' . s inf nan 0x10 1e999 99999999999999999999h; do
		refused --timeout "$d" touch ::: ran
		match "$stderr" "'$d'"
	done
	for option in --retry-interval --kill-after --deadline --slow --max-interval; do
		refused "$option" x touch ::: ran
		match "$stderr" "${option#--}"
	done
	[ ! -e ran ]
}

@test "other values that make no sense" {
	refused --signal NOSUCH touch ::: ran
	match "$stderr" 'NOSUCH'
	refused --halt sometimes,fail=1 touch ::: ran
	refused --halt now,fail=x touch ::: ran
	refused --halt now,fail=0 touch ::: ran
	refused --retry-on nonsense touch ::: ran
	match "$stderr" 'nonsense'
	refused --retry-on 300 touch ::: ran
	refused --retry-on 9-1 touch ::: ran
	refused --retry-match '(' touch ::: ran
	refused --max-output 1q touch ::: ran
	refused --jitter 2 touch ::: ran
	refused --backoff -1 touch ::: ran
	refused --progress sometimes touch ::: ran
	refused -d ab touch ::: ran
	[ ! -e ran ]
}

@test "options that contradict each other" {
	refused --tries 2 --retries 5 touch ::: ran
	match "$stderr" 'tries.*retries|retries.*tries'
	refused -u --line-buffer touch ::: ran
	[ ! -e ran ]
}

@test "a file that is not there" {
	refused -a nowhere touch
	match "$stderr" "'nowhere'.*No such file"
}

@test "a file that cannot be read" {
	: >secret
	chmod 0 secret
	[ ! -r secret ] || skip 'reads everything, as root'
	refused -a secret touch
	match "$stderr" "'secret'.*Permission denied"
}

@test "a directory where a file should be" {
	mkdir dir
	refused -a dir touch
	match "$stderr" "'dir'.*(directory)"
}

@test "a command that does not exist" {
	refused no-such-command ::: a
	match "$stderr" "'no-such-command'"
	refused ./no-such-command ::: a
	match "$stderr" "'./no-such-command'.*no such command"
}

@test "a command that cannot be executed" {
	echo 'not a program' >plain
	refused ./plain ::: a
	match "$stderr" "'./plain'.*Permission denied"
	refused / ::: a
	match "$stderr" "'/'"
}

@test "an empty command" {
	refused '' ::: a
	refused -c '' ::: a
}

@test "a NUL in a line: that line is refused by name, the others are not lost" {
	printf 'a\nb\0c\nd\n' >in
	run -123 --separate-stderr covey -k -a in echo
	match "$stderr" 'covey: .*in:2:'
	match "$output" $'^a($|\n)'
	match "$output" $'(^|\n)d$'
	lacks "$output" '[bc]'
}

@test "sources that do not fit together: a line that is named, before anything runs" {
	printf 'A\n1\n2,x\n' >ragged
	refused --header -C, touch ran ::: N 1 :::: ragged ::: M 1
	match "$stderr" "ragged: '2,x' has 2 columns, but the header names 1\$"
	refused --header -C, touch ran ::: N 1,2 ::: M 1
	match "$stderr" "after ':::': '1,2' has 2 columns"
	refused --header touch ran ::: N 1 :::
	match "$stderr" "':::' is empty"
	refused --colsep '(' touch ran ::: a
	match "$stderr" "--colsep.*'\('"
	refused touch ran {1} {3} ::: a ::: b
	match "$stderr" "'\{3\}' stands for nothing"
	refused --header touch ran {N} ::: N a ::: N b
	match "$stderr" "'\{N\}' could be one of two columns"
	refused touch ran ::: a :::: nosuch
	match "$stderr" "'nosuch'"
	printf 'a\0b\n' >nul
	refused touch ran ::: a :::: nul
	match "$stderr" 'nul:1: .*NUL'
	[ ! -e ran ]
}

@test "a line with too many columns is told of once, and the others are not lost" {
	printf 'A\n1\n2,x\n3\n' >ragged
	run -123 --separate-stderr covey -k --header -C, echo :::: ragged ::: M 1 2
	same $'1 1\n1 2\n3 1\n3 2' "$output"
	same 'covey: ragged:3: 2 columns, but the header names 1' "${stderr_lines[0]}"
	lacks "${stderr#*ragged}" ragged
}

@test "an item too long for the kernel: its task fails, the others run" {
	{ echo a; head -c 200000 /dev/zero | tr '\0' x; echo; echo b; } >in
	run -123 --separate-stderr covey -k -a in echo
	same $'a\nb' "$output"
	match "$stderr" 'covey: task 2 failed: .*(too long|E2BIG)'
	# shown cut, not in its full length
	((${#stderr} < 5000))
}

@test "a command that disappears during the run fails its task" {
	printf '#!/bin/sh\nrm -f tool\n' >tool
	chmod +x tool
	run -123 --separate-stderr covey -j 1 ./tool ::: a b
	match "$stderr" 'covey: task 2 failed: .*No such file'
}

@test "the clear line shows control characters harmlessly" {
	refused --timeout $'x\e[31m\nboo' touch ::: ran
	lacks "$stderr" $'\e'
}
