#!/usr/bin/env bats
# No output is lost or torn.
load common

# eight lines of 900 kB, a letter each, as they must come out in some order
letters=(A B C D E F G H)

whole_lines() {
	local want

	want=$(for c in "${letters[@]}"; do misbehave "flood=900000,out,$c"; done | sha256sum)
	same "$want" "$(sort "$1" | sha256sum)"
}

size_is() {
	(($(stat -c %s "$1") == $2))
}

@test "grouped: outputs of 900 kB at once come out whole" {
	"$COVEY" -j 8 misbehave flood=900000,out,{} ::: "${letters[@]}" >out
	whole_lines out
}

@test "grouped: through a pipe, too" {
	"$COVEY" -j 8 misbehave flood=900000,out,{} ::: "${letters[@]}" | cat >out
	whole_lines out
}

@test "--line-buffer: long lines come out whole" {
	"$COVEY" -j 8 --line-buffer misbehave flood=900000,out,{} ::: "${letters[@]}" >out
	whole_lines out
}

@test "grouped: stderr of 900 kB at once comes out whole" {
	"$COVEY" -j 8 misbehave flood=900000,err,{} ::: "${letters[@]}" 2>out
	whole_lines out
}

@test "grouped: nobody else's line comes between two of a task" {
	run -0 covey -j 2 -c '
		case {} in
		a) echo a1; misbehave wait-file=b.done; echo a2;;
		b) echo b1; echo b2; : >b.done;;
		esac' ::: a b
	match "$output" $'a1\na2'
	match "$output" $'b1\nb2'
}

@test "stdout and stderr are kept apart" {
	run -0 --separate-stderr covey misbehave print=out err=err ::: print=more
	same $'out\nmore' "$output"
	same err "$stderr"
}

@test "output without a final newline stays as it is" {
	run -0 --keep-empty-lines covey printf %s ::: x
	same x "$output"
}

@test "bytes of any kind pass unchanged" {
	head -c 100000 /dev/urandom >in
	"$COVEY" cat ::: in >out
	cmp in out
}

@test "-k: in the order of the input" {
	run -0 covey -k -j 4 -c '[ {} = 4 ] || misbehave wait-file=4.done; echo {}; : >{}.done' ::: 1 2 3 4
	same $'1\n2\n3\n4' "$output"
}

@test "-k: a failed task does not hold up the rest" {
	run -123 --separate-stderr covey -k sh -c 'echo {}; exit $(({} == 2))' ::: 1 2 3
	same $'1\n2\n3' "$output"
}

@test "-u: straight through, as it comes" {
	start -u misbehave print=one wait-file=go print=two ::: print=three
	wait_for grep -q one out
	: >go
	finish 'exit 0'
	same $'one\ntwo\nthree' "$(<out)"
}

@test "--line-buffer: whole lines, as they come" {
	start --line-buffer sh -c 'echo one; printf tw; misbehave wait-file=go; echo o' ::: a
	wait_for grep -q one out
	same one "$(<out)"
	: >go
	finish 'exit 0'
	same $'one\ntwo' "$(<out)"
}

@test "-k --line-buffer: the first in order is live, the others follow in theirs" {
	start -j 2 -k --line-buffer -c '
		case {} in
		1) echo 1a; misbehave wait-file=go; echo 1b;;
		2) echo 2a; : >2.done;;
		esac' ::: 1 2
	wait_for test -e 2.done
	wait_for grep -q 1a out
	: >go
	finish 'exit 0'
	same $'1a\n1b\n2a' "$(<out)"
}

@test "--tag: each line begins with the item" {
	run -0 covey -k --tag printf '%s\n' x ::: a b
	same $'a\tx\na\ta\nb\tx\nb\tb' "$output"
}

@test "--tagstring: or with what a template says" {
	run -0 covey -k --tagstring 'task {#}' echo ::: a b
	same $'task 1\ta\ntask 2\tb' "$output"
}

@test "--tag with --line-buffer" {
	run -0 covey --tag --line-buffer echo ::: a
	same $'a\ta' "$output"
}

@test "of a task that is retried, only the last attempt's stdout appears" {
	run -0 --separate-stderr covey --tries 3 --retry-interval 10ms -c '
		echo out $COVEY_ATTEMPT; echo err $COVEY_ATTEMPT >&2; [ $COVEY_ATTEMPT = 3 ]' ::: a
	same 'out 3' "$output"
	for n in 1 2 3; do
		match "$stderr" "(^|"$'\n'")err $n"
	done
}

@test "of a task that fails for good, the last attempt's stdout appears" {
	run -123 --separate-stderr covey --tries 2 --retry-interval 10ms \
	    -c 'echo out $COVEY_ATTEMPT; exit 3' ::: a
	same 'out 2' "$output"
}

@test "what a task printed before its timeout is shown" {
	in_time 123 covey --timeout MSECms misbehave print=early touch=ready sleep=600 ::: x
	same early "$output"
}

@test "--max-output: head and tail are kept, the cut is named" {
	run -0 covey --max-output 2k misbehave print=HEAD flood=100000 print=TAIL ::: print=END
	match "$output" '^HEAD'
	match "$output" $'TAIL\nEND$'
	match "$output" '[0-9].*(bytes|KiB|kB).*'
	((${#output} < 3000))
}

@test "-q: covey says nothing itself, the tasks' output stays" {
	run -123 --separate-stderr covey -q misbehave print=out err=err ::: exit=3
	same out "$output"
	same err "$stderr"
}

@test "a reader that is slow does not stop the clocks" {
	mkfifo pipe
	exec 7<>pipe
	cat >tasks.jsonl <<-END
		{"command": ["misbehave", "flood=1000000"]}
		{"command": ["misbehave", "hold-file=$LOCKS/x", "sleep=600"], "timeout": "300ms"}
		{"command": ["touch", "last"]}
	END
	misbehave watch run "$COVEY" -j 1 --kill-after 100ms --tasks tasks.jsonl \
	    >&7 2>err </dev/null 3>&- 7>&- &
	wait_for test -e last
	alive 0
	cat <&7 >out 3>&- &
	reader=$!
	finish 'exit 123'
	wait_for size_is out 1000000
	kill "$reader"
}

@test "a reader that goes away: quiet and quick, by SIGPIPE, no process is left" {
	misbehave watch run "$COVEY" -j 2 -c '
		[ {} -gt 2 ] && exec misbehave hold-file="$LOCKS/x" double-fork sleep=600
		echo {}; misbehave flood=200000' ::: 1 2 3 4 5 6 2>err </dev/null 3>&- | head -c 1 >out
	finish 'signal SIGPIPE'
	same '' "$(<err)"
	alive 0
}

@test "a full disk behind stdout is a failure of covey's" {
	run -125 --separate-stderr bash -c '"$COVEY" echo ::: a >/dev/full'
	match "$stderr" 'task 1 failed: .*its output was lost'
	match "$stderr" 'No space left'
}

@test "a closed stdout is a failure of covey's where there is something to write" {
	run -125 --separate-stderr bash -c '"$COVEY" echo ::: a >&-'
	match "$stderr" 'task 1 failed: .*its output was lost'
	run -0 --separate-stderr bash -c '"$COVEY" true ::: a >&-'
	same '' "$stderr"
}

@test "a full disk under TMPDIR: 125, and not in silence" {
	needs_strace
	run -125 --separate-stderr strace -f -o /dev/null -e trace=openat -P "$TMPDIR" \
	    -e inject=openat:error=ENOSPC "$COVEY" misbehave ::: flood=20000000
	match "$stderr" 'covey: .*No space left'
}

@test "children inherit no descriptor but 0, 1 and 2" {
	exec 7</dev/null 8>side
	run -0 covey sh -c 'ls /proc/self/fd' ::: a
	# the fourth is ls's own
	same $'0\n1\n2\n3' "$output"
}

@test "stdout and stderr that end in the same slow pipe do not meet within a line" {
	"$COVEY" -j 4 -c 'head -c 9000 /dev/zero | tr "\0" o; echo; head -c 9000 /dev/zero | tr "\0" e >&2; echo >&2' \
	    ::: {1..30} 2>&1 | dd bs=777 status=none >all
	same 60 "$(wc -l <all)"
	same 60 "$(grep -cxE 'o{9000}|e{9000}' all)"
}

@test "a signal that is no stop loses nothing of what waits to be written" {
	mkfifo slow
	"$COVEY" -c 'head -c 3000000 /dev/zero; : >printed' ::: a >slow 3>&- &
	exec 4<slow
	wait_for test -e printed
	for sig in WINCH CONT USR1 WINCH; do
		pkill -"$sig" -P $!
	done
	same 3000000 "$(wc -c <&4)"
	exec 4<&-
	wait $!
}

@test "-u: a reader that goes away ends the run" {
	# the input never ends, so the run would not, either
	run -0 timeout 50 bash -c 'yes | "$COVEY" -u -j 2 echo | head -n 1'
	same y "${lines[0]}"
}
