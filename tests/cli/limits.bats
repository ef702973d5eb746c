#!/usr/bin/env bats
# Limits bend, tasks do not break.
load common

# all_came N: each of N tasks, and one warning about the limit
all_came() {
	same "$(seq "$1")" "$(sort -n <<<"$output")"
	same 1 "$(grep -c '^covey: ' <<<"$stderr")"
	match "$stderr" 'covey: .*(at once|limit|fewer)'
}

# injecting SYSCALLS ERROR WHEN ARG...: covey with these system calls failing
injecting() {
	local calls=$1 error=$2 when=$3

	shift 3
	strace -f -o /dev/null -e trace="$calls" -e inject="$calls:error=$error:when=$when" "$COVEY" "$@"
}

@test "too few descriptors for -j: fewer at once, one warning, nothing lost" {
	run -0 --separate-stderr prlimit --nofile=40 "$COVEY" -j 60 sh -c 'sleep 0.2; echo {}' ::: {1..60}
	all_came 60
}

@test "too few processes for -j: fewer at once, one warning, nothing lost" {
	needs_root
	# sleep itself starts nothing, so only covey meets the limit
	run -0 --separate-stderr as_other prlimit --nproc=12 "$COVEY" -j 40 --progress plain \
	    sleep ::: $(yes 0.2 | head -n 40)
	match "$stderr" 'covey: 40 tasks: 40 succeeded'
	same 1 "$(grep -c 'cannot run more than' <<<"$stderr")"
}

@test "pipes that cannot be made for a while" {
	needs_strace
	run -0 --separate-stderr injecting pipe2 EMFILE 8..12 -j 4 echo ::: {1..20}
	same "$(seq 20)" "$(sort -n <<<"$output")"
}

@test "processes that cannot be made for a while" {
	needs_strace
	run -0 --separate-stderr injecting vfork,clone,clone3,fork EAGAIN 5..8 -j 4 echo ::: {1..20}
	same "$(seq 20)" "$(sort -n <<<"$output")"
}

@test "no memory for processes for a while" {
	needs_strace
	run -0 --separate-stderr injecting vfork,clone,clone3,fork ENOMEM 5..6 -j 4 echo ::: {1..20}
	same "$(seq 20)" "$(sort -n <<<"$output")"
}

@test "a kernel without pidfd" {
	needs_strace
	run -0 --separate-stderr injecting pidfd_open ENOSYS 1+ -j 4 echo ::: {1..20}
	same "$(seq 20)" "$(sort -n <<<"$output")"
	same '' "$stderr"
}

@test "a kernel without clone3, and a sandbox that forbids it" {
	needs_strace
	for error in ENOSYS EPERM; do
		run -0 --separate-stderr injecting clone3 "$error" 1+ -j 4 echo ::: {1..20}
		same "$(seq 20)" "$(sort -n <<<"$output")"
		same '' "$stderr"
	done
}

@test "a sandbox that knows clone3, but not all that is asked of it" {
	needs_strace
	run -0 --separate-stderr injecting clone3 EINVAL 2+ -j 4 echo ::: {1..20}
	same "$(seq 20)" "$(sort -n <<<"$output")"
	same '' "$stderr"
}

@test "hardly any descriptors: one at a time" {
	run -0 --separate-stderr prlimit --nofile=24 "$COVEY" -j 4 echo ::: {1..5}
	same "$(seq 5)" "$(sort -n <<<"$output")"
}

@test "no memory for a child's descriptors for a while" {
	needs_strace
	run -0 --separate-stderr injecting close_range ENOMEM 2..3 -j 4 echo ::: {1..20}
	same "$(seq 20)" "$(sort -n <<<"$output")"
}

@test "a kernel without pidfd: timeouts hold" {
	needs_strace
	in_time 123 injecting pidfd_open ENOSYS 1+ --timeout MSECms --kill-after 100ms \
	    misbehave hold-file="$LOCKS/x" ignore-term close-pipes double-fork touch=ready sleep=600 ::: print=x
	alive 0
}

@test "-j far above what there is to do costs nothing" {
	run -0 --separate-stderr covey -j 100000 echo ::: a
	same a "$output"
	same '' "$stderr"
}

@test "descriptors that run out while output goes to files lose nothing of it" {
	prlimit --nofile=40 "$COVEY" -j 30 sh -c 'head -c 3000000 /dev/zero; sleep 0.2' ::: {1..20} 2>err | wc -c >size
	same 60000000 "$(<size)"
	same 1 "$(grep -c 'cannot run more than' err)"
}
