#!/usr/bin/env bats
# Durations are as long as they say, unit by unit and option by option.
#
# What is waited for is never shorter than that, on a slow machine either. 300 ms are 0.005 minutes.
load common

# at_least SECONDS EXPRESSION: what SQLite makes of it, in the journal j
at_least() {
	local seconds

	seconds=$(sqlite3 j "SELECT $2")
	[[ $(sqlite3 :memory: "SELECT $seconds >= $1") == 1 ]] ||
	    { echo "'$seconds' s, not $1: $2"; return 1; }
}

msec() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

# the shortest time from the end of an attempt to the start of the next one, less what the clock's
# reading by two processes may differ
pause="(SELECT min(b.started - a.ended) + 0.001 FROM attempt a JOIN attempt b
    ON b.task = a.task AND b.number = a.number + 1)"

@test "each unit: an attempt lasts as long as its timeout" {
	while read -r duration seconds shown; do
		rm -f j
		run -123 --separate-stderr covey --journal j --timeout "$duration" sleep ::: 600
		match "$stderr" "timed out after $shown(\$|[^0-9a-z])"
		at_least "$seconds" '(SELECT duration FROM attempt)'
	done <<-'END'
		0.3 0.3 300ms
		.4s 0.4 400ms
		250ms 0.25 250ms
		0.005m 0.3 300ms
		0.0001h 0.36 360ms
		0.000004d 0.3456 345ms
		1.2 1.2 1.2s
	END
}

@test "each unit: longer ones, as they are announced" {
	while read -r duration shown; do
		rm -f run.*
		start --tries 2 --retry-interval "$duration" false ::: a
		wait_for grep -q 'attempt 2 of 2 in' err
		match "$(<err)" "attempt 2 of 2 in $shown\$"
		kill -TERM "$pid"
		finish 'signal SIGTERM'
	done <<-'END'
		90 1m30s
		90s 1m30s
		1.5m 1m30s
		90000ms 1m30s
		0.5h 30m
		2h 2h
		1.5d 1d12h
	END
}

@test "--retry-interval" {
	run -123 covey --journal j --tries 3 --retry-interval 0.005m false ::: a
	at_least 0.3 "$pause"
}

@test "--max-interval: shorter than the interval would be, and no shorter than it says" {
	# the second one would last 250 s
	run -123 covey --journal j --tries 3 --retry-interval 250ms --backoff 1000 --max-interval 0.005m \
	    false ::: a
	at_least 0.25 "$pause"
	at_least 0.3 "${pause/min/max}"
}

@test "--kill-after: from the timeout on" {
	in_time 123 covey --timeout MSECms --kill-after 0.01m --journal j \
	    misbehave ignore-term hold-file="$LOCKS/x" touch=ready sleep=600 ::: print=x
	at_least 0.9 '(SELECT max(duration) FROM attempt)'
}

@test "--kill-after: from a signal on" {
	start --kill-after 0.005m misbehave note-term=termed touch=ready sleep=600 ::: print=x
	wait_for test -e ready
	since=$(msec)
	kill -TERM "$pid"
	finish 'signal SIGTERM'
	(($(msec) - since >= 300))
	[ -e termed ]
}

@test "--deadline" {
	since=$(msec)
	run -124 covey --deadline 0.005m sleep ::: 600
	(($(msec) - since >= 300))
}

@test "--delay" {
	run -0 covey --journal j --delay 0.005m -j 3 true ::: a b c
	at_least 0.3 '(SELECT min(b.started - a.started) + 0.001
	    FROM attempt a JOIN attempt b ON b.id = a.id + 1)'
}

@test "--slow" {
	since=$(msec)
	start --slow 0.005m misbehave wait-file=go ::: print=x
	wait_for grep -q 'still running after 300ms$' err
	(($(msec) - since >= 300))
	: >go
	finish 'exit 0'
}

@test "--tasks: timeout and retry_interval, as strings and numbers" {
	cat >tasks.jsonl <<-'END'
		{"name": "m", "command": ["sleep", "600"], "timeout": "0.005m"}
		{"name": "ms", "command": ["sleep", "600"], "timeout": "300ms"}
		{"name": "n", "command": ["sleep", "600"], "timeout": 0.3}
		{"name": "again", "command": ["false"], "tries": 2, "retry_interval": "0.005m"}
		{"name": "again, too", "command": ["false"], "tries": 2, "retry_interval": 0.3}
	END
	run -123 covey --journal j --retry-interval 0 --tasks tasks.jsonl
	same '0.3|3' \
	    "$(sqlite3 j "SELECT timeout, count(*) FROM task WHERE outcome = 'timeout' GROUP BY 1")"
	at_least 0.3 "(SELECT min(duration) FROM attempt WHERE outcome = 'timeout')"
	same 2 "$(sqlite3 j 'SELECT count(*) FROM attempt WHERE number = 2')"
	at_least 0.3 "$pause"
}

@test "with --xargs, too" {
	run -123 covey --xargs --journal j --timeout 0.005m sleep <<<600
	at_least 0.3 '(SELECT duration FROM attempt)'
}
