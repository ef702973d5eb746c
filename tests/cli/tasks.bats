#!/usr/bin/env bats
# --tasks: tasks from lines of JSON, each with what it needs
load common

# complains FILE WANT: covey wants none of its tasks, and says this; nothing has run
complains() {
	refused --tasks "$1"
	same "covey: $2" "$stderr"
	[[ ! -e RAN ]]
}

@test "a task has its command, environment, directory and standard input" {
	mkdir 'a dir'
	printf 'from a file\n' >input
	cat >tasks.jsonl <<'END'
{"command": "echo \"$A\" | tr a-z A-Z", "env": {"A": "shell"}}
{"command": ["printf", "<%s>", "a  b", "*", "$A", "é", "{} {#}"]}

{"command": "pwd", "cwd": "a dir"}
{"command": ["cat"], "stdin": "text\nwithout an end"}
{"command": ["od", "-An", "-c"], "stdin": "a\u0000b"}
{"command": ["cat"], "cwd": "a dir", "stdin": {"file": "input"}}
{"command": "echo ${LANG-unset} $COVEY_TASK", "env": {"LANG": null}, "tags": ["x", "y"]}
{"command": ["cat"]}
END
	LANG=C covey -k --tasks tasks.jsonl >out
	same "SHELL
<a  b><*><\$A><é><{} {#}>$PWD/a dir
text
without an end   a  \\0   b
from a file
unset 7" "$(<out)"
}

@test "a task has its own timeout, tries and interval" {
	local status=0

	cat >tasks.jsonl <<'END'
{"name": "slow", "command": ["misbehave", "sleep=600"], "timeout": 0.05}
{"name": "thrice", "command": "exit 3", "tries": 3, "retry_interval": "0"}
{"name": "at once", "command": "exit 4", "tries": 2, "retry_interval": 0}
{"name": "once", "command": "exit 5"}
END
	# a minute, if it were the interval of all
	covey --retry-interval 1m --tasks tasks.jsonl >out 2>err || status=$?
	same 123 "$status"
	grep -F 'failed: slow: misbehave sleep=600: timed out after 50ms' err
	grep -F "failed: thrice: /bin/sh -c 'exit 3': exit 3 (try 3 of 3" err
	grep -F "failed: at once: /bin/sh -c 'exit 4': exit 4 (try 2 of 2" err
	grep -F "at once: /bin/sh -c 'exit 4': exit 4; attempt 2 of 2 now" err
	grep -F "failed: once: /bin/sh -c 'exit 5': exit 5 (" err
}

@test "a bad line is named, and nothing has run" {
	local good='{"command": "touch RAN"}' text want

	while IFS=$'\t' read -r text want; do
		printf '%s\n%s\n' "$good" "$text" >tasks.jsonl
		complains tasks.jsonl "tasks.jsonl:2: $want"
	done <<'END'
{"comand": "x"}	unknown key 'comand'; a task has command, name, env, cwd, stdin, timeout, tries, retry_interval and tags
{"command": "x", "name": "a\u0000b"}	'name' contains a NUL character
{"command": "x"} {}	unexpected text after the object, at column 18
{"command": "x"	the line ends within its object: a task is an object of JSON in one line
{"command": "x", "tries": 0}	'tries' must be from 1 to 1000000 (all attempts count, the first included), not 0
{"command": "x", "timeout": "1 day"}	'timeout': '1 day' is not a duration such as 90, 90s, 1.5m, 2h, 1d or 250ms
{"name": "x"}	the task has no 'command'
END
	printf '%s\n{"command": "a\xff"}\n' "$good" >tasks.jsonl
	complains tasks.jsonl 'tasks.jsonl:2: not JSON at column 14: unable to decode byte 0xff near '"'\"a'"
	printf '%s\na\0b\n' "$good" >tasks.jsonl
	complains tasks.jsonl 'tasks.jsonl:2: the line contains a NUL byte'
}

@test "a name given twice is an error, wherever the first one was" {
	for i in {1..3000}; do
		echo "{\"command\": \"touch RAN\", \"name\": \"task $i\"}"
	done >tasks.jsonl
	echo '{"command": "touch RAN", "name": "task 2"}' >>tasks.jsonl
	complains tasks.jsonl "tasks.jsonl:3001: the task in line 2 has the name 'task 2', too"
}

@test "a byte order mark, carriage returns and blank lines do no harm" {
	printf '\xef\xbb\xbf{"command": "echo one"}\r\n\r\n \t\n{"command": "echo two"}' >tasks.jsonl
	same $'one\ntwo' "$(covey -k --tasks tasks.jsonl)"
	: >tasks.jsonl
	run -0 covey -r --tasks tasks.jsonl
	same '' "$output"
}

@test "from a pipe, what was read before a bad line has run, and no more is" {
	local status=0

	printf '%s\n' '{"command": "echo one"}' '{"command": 1}' '{"command": "echo three"}' |
	    covey --tasks - >out 2>err || status=$?
	same 125 "$status"
	same one "$(<out)"
	grep -F "covey: standard input:2: 'command' must be a string" err
}

@test "options about items, and words, do not go with it" {
	local words

	echo '{"command": "touch RAN"}' >tasks.jsonl
	for words in -0 '-d x' '-a tasks.jsonl' --link '-C ,' --header '-n 2' '-I R' '-c true' 'true' \
	    '::: a' ':::: tasks.jsonl' '--retry-failed --journal j'; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr covey --tasks tasks.jsonl $words </dev/null
		one_complaint
		match "$stderr" --tasks
		[[ ! -e RAN ]]
	done
}

@test "names are in tags, in the journal and in what SIGUSR1 tells" {
	cat >tasks.jsonl <<'END'
{"name": "one", "command": "echo 1", "tags": ["x"]}
{"command": ["echo", "a b"]}
{"command": "echo 3"}
END
	covey -k --tag --journal j --tasks tasks.jsonl >out
	same $'one\t1\necho \'a b\'\ta b\necho 3\t3' "$(<out)"
	same 'one|x' "$(sqlite3 j "SELECT name, input ->> '$.tags[0]' FROM task WHERE number = 1")"

	echo '{"name": "long", "command": "misbehave touch=ready wait-file=go"}' >tasks.jsonl
	start --tasks tasks.jsonl
	wait_for test -e ready
	kill -USR1 "$pid"
	wait_for grep -F 'task 1: long: misbehave touch=ready wait-file=go: running for' err
	touch go
	finish 'exit 0'
}

@test "covey-report has the names, and gives lines to be taken again" {
	local report

	report=$(dirname "$COVEY")/covey-report
	cat >tasks.jsonl <<'END'
{"name": "bad", "command": "exit $X", "env": {"X": "3"}}
{"name": "good", "command": "true"}
END
	run -123 covey --journal j --tasks tasks.jsonl
	run -123 "$report" j
	match "$output" "task 1 failed: bad: /bin/sh -c 'exit \\\$X': exit 3"
	ends 123 "$report" --failed0 j | tr '\0' '\n' >again.jsonl
	same "$(head -n 1 tasks.jsonl)" "$(<again.jsonl)"
	run -123 covey --tasks again.jsonl
	match "$output" 'task 1 failed: bad: '
	run -123 covey --tag --journal j --retry-failed --tries 2 --retry-interval 1ms
	match "$output" 'task 1: bad: .*exit 3; attempt 2 of 2'
}

@test "--retry-failed runs them as they were, from another directory, too" {
	mkdir d elsewhere
	echo text >input
	cat >tasks.jsonl <<'END'
{"name": "a", "command": "cat; pwd; echo $A $COVEY_TRIES; exit 1", "env": {"A": "é"}, "cwd": "d", "stdin": {"file": "input"}, "tries": 2, "retry_interval": "1ms"}
{"command": "cat; exit 1", "stdin": "x\u0000y\n", "timeout": "1h"}
{"command": "true"}
END
	ends 123 covey --tag --retry-interval 2s --journal j --tasks tasks.jsonl >out 2>err
	same "$(sort out | tr '\0' @)" \
	    "$(cd elsewhere && covey --journal ../j --retry-failed 2>err2 | sort | tr '\0' @)"
	grep -aF 'text' out
	same '2 tasks: 0 succeeded, 2 failed' "$(sed -n 's/^covey: \(2 tasks:\)/\1/p' elsewhere/err2)"
	same '0.001|2|' "$(sqlite3 j "SELECT retry_interval, tries, timeout FROM task
	    WHERE name = 'a' ORDER BY id DESC LIMIT 1")"
	same '3600.0' "$(sqlite3 j "SELECT timeout FROM task WHERE name IS NULL ORDER BY id DESC LIMIT 1")"
}

@test "--resume knows tasks by their names, and others by what they run" {
	cat >tasks.jsonl <<'END'
{"name": "a", "command": "echo a"}
{"command": "echo b"}
{"name": "c", "command": "exit 1"}
END
	run -123 covey --journal j --tasks tasks.jsonl
	cat >tasks.jsonl <<'END'
{"command": "echo b"}
{"command": "echo b", "env": {"X": "y"}}
{"name": "c", "command": "echo mended"}
{"name": "a", "command": "echo changed"}
END
	covey -k --journal j --resume-failed --tasks tasks.jsonl >out 2>err
	same $'b\nmended' "$(<out)"
}

@test "--shuf, --shard and --order longest take lines as any item" {
	for i in 1 2 3 4 5 6; do
		echo "{\"command\": [\"echo\", \"$i\"], \"name\": \"n$i\"}"
	done >tasks.jsonl
	same "$(seq 6)" "$(covey --shuf --tasks tasks.jsonl 2>/dev/null | sort)"
	same "$(seq 6)" "$(for i in 1 2; do covey --shard "$i/2" --tasks tasks.jsonl; done | sort)"
	same $'n1\t1' "$(covey --tag --journal j --order longest --tasks tasks.jsonl | sort | head -n 1)"
}

@test "what a task prints for --dry-run and with --results" {
	echo '{"command": ["echo", "a b"], "name": "n"}' >tasks.jsonl
	same "echo 'a b'" "$(covey --dry-run --tasks tasks.jsonl)"
	covey --results r --tasks tasks.jsonl >out
	grep -F '"name": "n"' r/*/meta.json
}
