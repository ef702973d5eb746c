#!/usr/bin/env bats
# Where items come from, and what counts as one.
load common

@test "empty lines are skipped, blanks and carriage returns are kept" {
	run -0 covey -k printf '[%s]\n' <<<$' a \n\n\nb\r'
	same $'[ a ]\n[b\r]' "$output"
}

@test "quotes and backslashes on a line mean nothing" {
	run -0 covey -k printf '%s\n' <<<$'it\'s\n"a\\b'
	same $'it\'s\n"a\\b' "$output"
}

@test "the last line needs no newline" {
	printf 'a\nb' >in
	run -0 covey -k -a in echo
	same $'a\nb' "$output"
}

@test "-0: items end with NUL, and may hold newlines or nothing" {
	printf 'a\nb\0\0c\0' >in
	run -0 covey -k -0 -a in printf '[%s]\n'
	same $'[a\nb]\n[]\n[c]' "$output"
}

@test "-d: another delimiter" {
	printf 'a,b c,d' >in
	run -0 covey -k -d , -a in printf '[%s]\n'
	same $'[a]\n[b c]\n[d]' "$output"
}

@test "-d knows escapes" {
	printf 'a\tb' >in
	run -0 covey -k -d '\t' -a in printf '[%s]\n'
	same $'[a]\n[b]' "$output"
}

@test "an item after ::: may hold a newline" {
	run -0 covey printf '[%s]' ::: $'a\nb'
	same $'[a\nb]' "$output"
}

@test "a task's stdin is empty, and covey's own is not touched by it" {
	run -0 covey -k -j 1 sh -c 'cat; echo {}' <<<$'a\nb'
	same $'a\nb' "$output"
}

@test "work starts before the input has ended" {
	mkfifo in
	exec 7<>in
	start -a in touch
	echo first >&7
	wait_for test -e first
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}

# peak: the most memory that the supervisor has had, in KiB
peak() {
	awk '/^VmHWM/ { print $2 }' "/proc/$(supervisor)/status"
}

@test "memory does not depend on the number of tasks" {
	[[ -z ${COVEY_SANITIZERS:-} ]] || skip 'sanitizers keep memory that was freed'
	mkfifo in
	exec 7<>in
	for options in '' '-k --tries 2 --tag'; do
		rm -f run.* first last
		start -j 8 $options -a in misbehave
		{ printf 'exit=0\n%.0s' {1..200}; echo touch=first; } >&7
		wait_for test -e first
		before=$(peak)
		{ printf 'exit=0\n%.0s' {1..1500}; echo touch=last; } >&7
		wait_for test -e last
		after=$(peak)
		# 100 bytes for each task
		((after - before < 150)) || { echo "$before KiB, then $after"; return 1; }
		kill -TERM "$pid"
		finish 'signal SIGTERM'
	done
}

@test "input is read as slots free up, not ahead of them" {
	mkfifo in
	{ seq 1000000; : >written; } >in 2>/dev/null 3>&- &
	start -j 1 -a in sh -c '
		[ {} -eq 100 ] || exit 0
		if [ -e written ]; then echo ahead; else echo pulled; fi >verdict.new
		mv verdict.new verdict'
	wait_for test -e verdict
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	same pulled "$(<verdict)"
}
