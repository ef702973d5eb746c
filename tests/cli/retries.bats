#!/usr/bin/env bats
# Failed attempts are tried again on a clock of their own, and hold nobody up.
load common

# A command that counts its attempts in the file "tried" and fails.
count='echo {} >>tried; exit 3'

@test "--tries counts all attempts" {
	run -123 covey --tries 3 --retry-interval 10ms -c "$count" ::: a
	same $'a\na\na' "$(<tried)"
}

@test "--retries counts those after the first" {
	run -123 covey --retries 1 --retry-interval 10ms -c "$count" ::: a
	same $'a\na' "$(<tried)"
}

@test "by default there is one attempt" {
	run -123 covey -c "$count" ::: a
	same a "$(<tried)"
}

@test "a success is not tried again" {
	run -0 covey --tries 3 --retry-interval 10ms -c 'echo {} >>tried' ::: a
	same a "$(<tried)"
}

@test "while a task waits for its retry, its slot runs others" {
	start -j 1 --tries 2 --retry-interval 1h -c 'echo {} >>order; [ {} != a ] || exit 3' ::: a b c
	wait_for grep -q c order
	same $'a\nb\nc' "$(<order)"
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}

@test "a retry that is due goes ahead of tasks that have not run" {
	run -0 covey -j 1 --tries 2 --retry-interval 10ms -c '
		echo {} >>order
		case {} in
		a) [ "$COVEY_ATTEMPT" = 2 ];;
		b) sleep 0.3;;
		esac' ::: a b c
	same $'a\nb\na\nc' "$(<order)"
}

@test "timeouts and failures mix freely in one task" {
	in_time 0 covey --tries 3 --retry-interval 10ms --timeout MSECms -c '
		case $COVEY_ATTEMPT in
		1) sleep 600;;
		2) : >ready.2; exit 3;;
		3) echo done {}; [ ! -e ready.2 ] || : >ready;;
		esac' ::: a
	same 'done a' "$output"
	match "$stderr" 'timed out.*attempt 2 of 3'
	match "$stderr" 'exit 3.*attempt 3 of 3'
}

@test "a retry is announced, with when it is due" {
	run -0 --separate-stderr covey --tries 2 --retry-interval 50ms misbehave fail-once={} ::: a
	match "$stderr" 'covey: task 1: misbehave fail-once=a: exit 1; attempt 2 of 2 in '
}

@test "--backoff makes the interval longer, --max-interval bounds it" {
	run -123 --separate-stderr covey --tries 4 --retry-interval 20ms --backoff 2 --max-interval 50ms \
	    false ::: a
	match "$stderr" 'attempt 2 of 4 in 20 ?ms'
	match "$stderr" 'attempt 3 of 4 in 40 ?ms'
	match "$stderr" 'attempt 4 of 4 in 50 ?ms'
}

@test "--retry-on: only what it names is tried again" {
	run -123 covey -j 1 --tries 2 --retry-interval 10ms --retry-on 75,SIGSEGV \
	    -c 'echo {} >>tried; misbehave {}' ::: exit=75 exit=74
	same $'exit=74\nexit=75\nexit=75' "$(sort tried)"
}

@test "--retry-on: signals by name, ranges of statuses" {
	run -123 covey --tries 2 --retry-interval 10ms --retry-on 10-20,SIGSEGV \
	    sh -c 'echo {} >>tried; exec misbehave {}' ::: exit=9 exit=10 exit=20 exit=21 crash=segv \
	    signal=USR1
	same $'crash=segv\ncrash=segv\nexit=10\nexit=10\nexit=20\nexit=20\nexit=21\nexit=9\nsignal=USR1' \
	    "$(sort tried)"
}

@test "--no-retry-on wins over --retry-on" {
	run -123 covey --tries 2 --retry-interval 10ms --retry-on any --no-retry-on 3 -c "$count" ::: a
	same a "$(<tried)"
}

@test "--retry-on timeout does not retry failures" {
	run -123 covey --tries 2 --retry-interval 10ms --retry-on timeout --timeout 1h -c "$count" ::: fails
	same fails "$(<tried)"
	in_time 123 covey --tries 2 --retry-interval 10ms --retry-on timeout --timeout MSECms \
	    -c ': >ready.$COVEY_ATTEMPT; [ ! -e ready.2 ] || : >ready; sleep 600' ::: hangs
	[ -e ready.1 ]
}

@test "--retry-match: what stderr says decides" {
	run -123 covey --tries 2 --retry-interval 10ms --retry-match 'connection (reset|refused)' \
	    -c 'echo {} >>tried; echo "error: {}" >&2; exit 1' ::: 'connection reset' 'no such host'
	same $'connection reset\nconnection reset\nno such host' "$(sort tried)"
}

@test "126 and 127 are not tried again unless asked for" {
	run -123 covey --tries 2 --retry-interval 10ms -c 'echo {} >>tried; exit {}' ::: 126 127
	same $'126\n127' "$(sort tried)"
	run -123 covey --tries 2 --retry-interval 10ms --retry-on 127 -c 'echo {} >>again; exit {}' ::: 127
	same $'127\n127' "$(<again)"
}

@test "a wait past the deadline is not waited: the retry runs at once" {
	run -123 covey --tries 2 --retry-interval 10m --deadline 1m -c "$count" ::: a
	same $'a\na' "$(<tried)"
}

@test "a waiting retry does not outlast a stop" {
	start --tries 2 --retry-interval 1h sh -c 'echo x >tried; exit 3' ::: a
	wait_for grep -q 'attempt 2 of 2' err
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}
