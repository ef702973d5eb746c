#!/usr/bin/env bats
# Sharing jobs with make: as its client, and as a server for tasks.
load common

# A task that tells how many run at once with it: each has a file while it runs, and looks twice.
busy='t=running-{#}-$$; : >"$t"; for i in 1 2 3 4 5 6 7 8; do set -- running-*; echo "$#" >>seen
    sleep 0.02; done; rm -f "$t"'

# most: how many have run at once
most() {
	sort -n seen | tail -n 1
}

# tokens FIFO: takes what is in it
tokens() {
	dd if="$1" iflag=nonblock bs=100 count=1 2>/dev/null | tr -d '\n' | wc -c
}

fifo() {
	mkfifo "$1"
	exec 9<>"$1"
	printf '%s' "$2" >&9
}

@test "below make -j3, no more than three at once, and make finds its tokens again" {
	printf 'all:\n\t+@"$$COVEY" -j 8 -c "$$busy" ::: 1 2 3 4 5 6 7 8\n' >Makefile
	export COVEY busy
	run -0 --separate-stderr make -j3 all
	same '' "$stderr"
	(($(most) <= 3 && $(most) >= 2))
}

@test "two of them below make -j3 share" {
	printf 'all: a b\na b:\n\t+@"$$COVEY" -j 8 -c "$$busy" ::: 1 2 3 4 5 6\n' >Makefile
	export COVEY busy
	run -0 --separate-stderr make -j3 all
	same '' "$stderr"
	(($(most) <= 3))
}

@test "a task below make can take tokens itself" {
	printf 'all:\n\t+@"$$COVEY" -j 1 $(MAKE) -f inner.mk ::: x\n' >Makefile
	printf 'x: 1 2 3\n1 2 3:\n\t@echo $@\n' >inner.mk
	export COVEY
	run -0 --separate-stderr make -s -j2 all
	same '' "$stderr"
	same $'1\n2\n3' "$(sorted "$output")"
}

@test "a line without +: one warning, and it goes on without" {
	printf 'all:\n\t@"$$COVEY" -j 2 echo ::: 1 2\n' >Makefile
	export COVEY
	run -0 --separate-stderr make -s -j3 all
	same $'1\n2' "$(sorted "$output")"
	one_complaint
	match "$stderr" "^covey: the jobserver of make is not used: .*begin the line in the makefile with '\\+'"
}

@test "descriptors that are something else are left alone" {
	MAKEFLAGS=' -j4 --jobserver-auth=8,9' run -0 --separate-stderr covey echo ::: 1 8</dev/null 9>file
	one_complaint
	same '' "$(<file)"
	MAKEFLAGS=' -j4 --jobserver-auth=sem:x' run -0 --separate-stderr covey echo ::: 1
	one_complaint
	MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/none" run -0 --separate-stderr covey -q echo ::: 1
	same '' "$stderr"
}

@test "a FIFO: as many at once as there are tokens and one, which are all given back" {
	fifo pool abc
	MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/pool" run -0 --separate-stderr covey -j 9 -c "$busy" ::: {1..9}
	same '' "$stderr"
	(($(most) <= 4 && $(most) >= 2))
	same abc "$(dd bs=100 count=1 <&9 2>/dev/null | grep -o . | sort | tr -d '\n')"
}

@test "the tokens come back when covey is stopped, and when it is killed" {
	fifo pool xyz
	export MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/pool"
	for sig in TERM KILL; do
		rm -f run.pid run.status begun-*
		start -j 4 -c ': >begun-{}; exec sleep 3600' ::: 1 2 3 4
		for i in 1 2 3 4; do
			wait_for test -e "begun-$i"
		done
		same 0 "$(tokens pool)"
		kill -s "$sig" "$(supervisor)"
		finish "signal SIG$sig"
		same 3 "$(tokens pool)"
		printf xyz >&9
	done
}

@test "without tokens one task runs after the other" {
	fifo pool ''
	MAKEFLAGS=" -j4 --jobserver-auth=fifo:$PWD/pool" run -0 --separate-stderr covey -j 9 -c "$busy" ::: 1 2 3
	same 1 "$(most)"
}

@test "--jobserver: tasks find one, and share it with covey" {
	run -0 --separate-stderr covey --jobserver=2 -j 8 -c "$busy" ::: {1..6}
	(($(most) <= 2))
	printf '%s\n' "${busy//'{#}'/make}" >busy
	printf 'all: 1 2 3 4\n1 2 3 4:\n\t@sh busy\n' >x.mk
	rm seen
	run -0 --separate-stderr covey --jobserver=3 make -s -f ::: x.mk
	same '' "$stderr"
	(($(most) <= 3))
}

@test "--jobserver=N,fifo: tasks find its path" {
	run -0 --separate-stderr covey --jobserver=5,fifo -c 'echo "$MAKEFLAGS"; f=${MAKEFLAGS##*fifo:}; test -p "$f"' ::: 1
	match "$output" '^ -j5 --jobserver-auth=fifo:/'
	same '' "$(ls "$TMPDIR")"
}

@test "--jobserver: bad numbers are refused" {
	for bad in 0 -1 x 5000 3,pipe ,fifo 3,; do
		refused --jobserver="$bad" touch ::: ran
	done
	[[ ! -e ran ]]
}
