#!/usr/bin/env bats
# System calls that fail: what a task does is done once, and its output is there, or a line says why.
load common

# injects ROLE SYSCALL ERRNO N COMMAND...: runs it so, with its words in out and err; sets how
injects() {
	local role=$1 call=$2 errno=$3 n=$4

	shift 4
	"$COVEY_HELPERS/inject" -t 60 -o report -r "$role" -s "$call" -e "$errno" -n "$n" \
	    "$@" >out 2>err || skip 'the kernel does not let a process answer for it'
	how=$(tail -n 1 report)
}

# has_run ITEM...: each has run once
has_run() {
	local item

	for item; do
		same x "$(<"effect.$item")"
	done
}

ENOMEM=12 EBUSY=16 ENOSPC=28 EIO=5

@test "a stream that cannot be watched is polled, and its task not run again" {
	local errno n

	for errno in $ENOMEM $ENOSPC; do
		for n in 1+ {1..12}; do
			rm -f effect.*
			injects supervisor epoll_ctl "$errno" "$n" "$COVEY" -j2 --tries 3 \
			    sh -c 'echo x >>effect.$1; echo $1; echo e$1 >&2' sh ::: a b c
			same 'exit 0' "$how"
			same $'a\nb\nc' "$(sort out)"
			same $'ea\neb\nec' "$(sort err)"
			has_run a b c
		done
	done
}

@test "stdout that cannot be watched is written all the same" {
	local n

	# with 5+, the streams of the task are watched, and stdout is not
	for n in 1+ 4+ 5+ 6+ 7+; do
		"$COVEY_HELPERS/inject" -t 60 -o report -r supervisor -s epoll_ctl -e $ENOSPC -n $n \
		    "$COVEY" sh -c 'head -c 1000000 /dev/zero' ::: a | (sleep 0.3; wc -c) >size ||
		    skip 'the kernel does not let a process answer for it'
		same 1000000 "$(tr -d ' ' <size)"
		same 'exit 0' "$(tail -n 1 report)"
	done
}

@test "a cgroup that could not be removed at once is removed" {
	local n pid

	for n in {1..8}; do
		injects supervisor unlinkat $EBUSY "$n" "$COVEY" -j3 sh -c 'echo $PPID' ::: a b c
		same 'exit 0' "$how"
		pid=$(head -n 1 out)
		same '' "$(find /sys/fs/cgroup -maxdepth 6 -name "covey-$pid-*" -prune 2>/dev/null)"
	done
}

@test "when trees cannot be looked at any more, what ran is named and its output shown" {
	local n

	for n in {16..60}; do
		rm -f effect.*
		injects supervisor openat $EIO "$n+" "$COVEY" -j1 --tries 2 \
		    sh -c 'echo x >>effect.$1; echo said; setsid sleep 0.3 & sleep 20' sh ::: a b
		if grep -q 'cannot look for orphans' err; then
			break
		fi
	done
	same 'exit 125' "$how"
	match "$(<err)" 'task 1'
	same said "$(<out)"
	has_run a
}
