#!/usr/bin/env bats
# When tasks start, with which limits, and how many at once.
load common

# ---- limits and niceness ----

@test "--limit: each process of a task has it, and covey has not" {
	run -0 --separate-stderr covey --limit nofile=77 --limit core=0 --limit stack=1M \
	    -c 'sh -c "ulimit -n; ulimit -c; ulimit -s"' ::: a
	same $'77\n0\n1024' "$output"
	same '' "$stderr"
}

@test "--limit: a task that it kills is reported as killed by it" {
	run -123 --separate-stderr covey --limit cpu=1 -c 'while :; do :; done' ::: a
	match "$stderr" 'task 1 failed: .*: killed by its cpu limit of 1s \(SIGXCPU\)'
	run -123 --separate-stderr covey --limit fsize=10K -c 'exec dd if=/dev/zero of={} bs=64K count=1' ::: file
	match "$stderr" 'task 1 failed: .*: killed by its fsize limit of 10K \(SIGXFSZ\)'
	# the shell survives, and reports it in its own way
	run -123 --separate-stderr covey --limit fsize=10K \
	    -c 'dd if=/dev/zero of={} bs=64K count=1; exit $?' ::: file
	match "$stderr" 'exit 153: one of its commands was killed by its fsize limit of 10K'
}

@test "--limit: a killed task is retried as one that a signal killed" {
	run -0 --separate-stderr covey --limit cpu=1 --tries 2 --retry-on SIGXCPU --retry-interval 0 \
	    -c 'test -e {} && exit; touch {}; while :; do :; done' ::: been
	match "$stderr" 'killed by its cpu limit of 1s \(SIGXCPU\); attempt 2 of 2 now'
}

@test "--nice: tasks are nicer than covey" {
	run -0 --separate-stderr covey --nice 4 -c nice ::: a
	same $(($(nice) + 4)) "$output"
	same "$(nice)" "$(covey -c nice ::: a)"
}

@test "--limit and --nice: what cannot be is refused before anything runs" {
	refused --limit cpu touch ::: ran
	refused --limit memory=1G touch ::: ran
	refused --limit as=lots touch ::: ran
	match "$stderr" "option '--limit': 'as=lots' is not as=VALUE, with VALUE a size"
	refused --nice 20 touch ::: ran
	refused --nice -21 touch ::: ran
	[[ ! -e ran ]]
}

@test "--limit and --nice: what only root may is refused before anything runs" {
	needs_root
	run -2 --separate-stderr as_other prlimit --nofile=500:500 "$COVEY" --limit nofile=501 touch ::: ran
	one_complaint
	match "$stderr" "'nofile=501' is not allowed: the hard limit of 'nofile' is 500"
	run -2 --separate-stderr as_other "$COVEY" --nice -1 touch ::: ran
	one_complaint
	[[ ! -e ran ]]
}

# ---- how many at once ----

@test "the default of -j is what the CPU affinity leaves; N% is a part of it" {
	(($(nproc) > 1)) || skip 'needs two CPUs'
	cpu=$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')
	# {%} of the second is 1 only if it has waited for the first
	run -0 taskset -c "$cpu" "$COVEY" -k -c 'sleep 0.1; echo {%}' ::: 1 2 3
	same $'1\n1\n1' "$output"
	run -0 taskset -c "$cpu" "$COVEY" -j 200% -k -c 'echo {%} >>slots; while [ "$(wc -l <slots)" -lt 2 ]; do
	    sleep 0.02; done' ::: 1 2
	same $'1\n2' "$(sort slots)"
}

# ---- when they start ----

# msec: the time
msec() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# spread N MS SINCE: N attempts have run, which took MS at least from each start to the next
spread() {
	same "$1" "$(wc -l <ran)"
	(($(msec) - $3 >= ($1 - 1) * $2))
}

@test "--delay: starts are apart, those of retries, too" {
	since=$(msec)
	run -123 --separate-stderr covey --delay 100ms -j 4 --tries 3 --retry-interval 0 \
	    -c 'echo >>ran; [ {} != 2 ]' ::: 1 2 3
	spread 5 100 "$since"
}

@test "--rate: so many starts in a second, retries included" {
	since=$(msec)
	run -123 --separate-stderr covey --rate 10/s -j 9 --tries 3 --retry-interval 0 \
	    -c 'echo >>ran; [ {} != 2 ]' ::: 1 2 3 4
	spread 6 100 "$since"
}

@test "a run that waits for its rate can be stopped" {
	start --rate 1/h -c 'echo {}; : >first-{}' ::: 1 2
	wait_for test -e first-1
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	match "$(<err)" '1 succeeded, 0 failed, 1 not started'
}

@test "a deadline passes while nothing may start" {
	in_time 124 covey --rate 1/h --deadline MSECms -c ': >ran-{}; : >ready' ::: 1 2
	[[ -e ran-1 && ! -e ran-2 ]]
}

@test "--memfree: nothing starts, and covey says why, once" {
	start --memfree "$(awk '/^MemTotal/ { print $2 "K" }' /proc/meminfo)" touch ::: a b
	wait_for grep -q . err
	match "$(<err)" '^covey: waiting to start: only [0-9]+ MiB of memory available, [0-9]+ MiB required$'
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	same 1 "$(grep -c waiting err)"
	[[ ! -e a && ! -e b ]]
}

@test "--load and --memfree: with enough of both, everything runs" {
	run -0 --separate-stderr covey --load 100000 --memfree 1M -k echo ::: {1..20}
	same "$(seq 20)" "$output"
	same '' "$stderr"
}

@test "--delay, --rate, --load, --memfree: what cannot be is refused" {
	refused --delay soon touch ::: ran
	refused --rate 10 touch ::: ran
	match "$stderr" "option '--rate': '10' is not a rate such as 10/s, 100/m or 0.5/h"
	refused --rate 0/s touch ::: ran
	refused --load 0 touch ::: ran
	refused --load much touch ::: ran
	refused --memfree 1000000T touch ::: ran
	match "$stderr" "is not a size of at most [0-9]+M, the memory of this machine"
	[[ ! -e ran ]]
}
