# What all the files here share. A test reads: what is run, then what must have come of it.
#
# From the build: COVEY, the command; COVEY_HELPERS, the directory of the helper programs;
# COVEY_SRC, the top source directory.
#
# Each test has a directory of its own, in which it starts; $LOCKS is where processes that must not
# outlive something hold their locks (misbehave hold-file=$LOCKS/x). A test fails if any is still
# held at its end.
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0

# a pipeline fails with any of its commands
set -o pipefail

: "${COVEY:?the covey to test}" "${COVEY_HELPERS:?the directory of the helper programs}"
PATH=$COVEY_HELPERS:$PATH

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export TMPDIR=$PWD/tmp LOCKS=$PWD/locks LC_ALL=C
	mkdir "$TMPDIR" "$LOCKS"
	unset MAKEFLAGS "${!COVEY_TASK@}" "${!COVEY_ATTEMPT@}" "${!COVEY_TRIES@}" "${!COVEY_SLOT@}" \
	    "${!COVEY_RUN@}" "${!COVEY_REASON@}" "${!GITHUB_@}" GITLAB_CI CI
}

teardown() {
	# a test that failed on its way has not ended what it started
	if [[ -e run.pid && ! -e run.status ]]; then
		kill -KILL "$(<run.pid)" || :
	fi
	if ! misbehave reap "$LOCKS"; then
		echo 'processes outlived the test'
		return 1
	fi
}

covey() {
	"$COVEY" "$@"
}

# ---- items that nobody wants ----

# Each would create PWNED if a shell read it as code, or is something else that goes wrong where
# words are pasted together.
evil=(
	'' ' ' 'a b' ' a ' '-n' '--' '-e PWNED' '*' '?' '[a-z]*' '~' '#' '!' '\' 'a\' '\n%s%%' '{}' '{1}'
	'$HOME' '${PATH}' '$1' '$(touch PWNED)' '`touch PWNED`' '"$(touch PWNED)"' "'\$(touch PWNED)'"
	'; touch PWNED' '& touch PWNED #' '| touch PWNED' '&& touch PWNED' ') ; touch PWNED; (' '>PWNED'
	"'" '"' "'; touch PWNED; '" '"; touch PWNED; "' '}"; touch PWNED; "${x' '))`touch PWNED`'
	$'\n' $'a\nb' $'a\n' $'\ntouch PWNED\n' $'EOF\ntouch PWNED' 'a[$(touch PWNED)]' $'\t' $'\r'
	$'\e[31m' $'\x01' $'\xff\xfe' 'é' '-exec touch PWNED ;' '-va[$(touch PWNED)]' 'IFS=x' '--x=$(touch PWNED)' '<(touch PWNED)'
)

# unharmed WHAT: no evil item was run by it
unharmed() {
	[[ ! -e PWNED ]] || { echo "broke out of: $1"; return 1; }
}

# ---- looking at the last run ----

# same WANT GOT: they are the same text
same() {
	[[ $1 == "$2" ]] || { printf 'wanted:\n%s\ngot:\n%s\n' "$1" "$2"; return 1; }
}

# match TEXT REGEX: somewhere in the text
match() {
	[[ $1 =~ $2 ]] || { printf 'no /%s/ in:\n%s\n' "$2" "$1"; return 1; }
}

# lacks TEXT REGEX: nowhere in it
lacks() {
	[[ ! $1 =~ $2 ]] || { printf '/%s/ in:\n%s\n' "$2" "$1"; return 1; }
}

# ends STATUS COMMAND...: it ends so; for what run cannot keep, such as NUL bytes in its output
ends() {
	local want=$1 status=0

	shift
	"$@" || status=$?
	((status == want)) || { echo "exit $status, not $want: $*" >&2; return 1; }
}

# sorted TEXT: its lines in order
sorted() {
	sort <<<"$1"
}

# refused ARG...: covey wants nothing of this: exit 2, nothing on stdout, one line on stderr
refused() {
	run -2 --separate-stderr covey "$@" </dev/null
	same '' "$output"
	one_complaint
}

# the last run said exactly one line on stderr, as covey
one_complaint() {
	same 1 "${#stderr_lines[@]}"
	match "${stderr_lines[0]}" '^covey: .'
	lacks "$stderr" '[.]$'
}

# ---- conditions and the background ----

# wait_for COMMAND...: until it succeeds; a minute is an error, and five seconds after the end of
# the covey that start started: what it has not done by then it will not do
wait_for() {
	local end=$((SECONDS + 60)) ended=

	until "$@"; do
		if [[ -z $ended && -e run.status ]]; then
			ended=yes end=$((SECONDS + 5))
		fi
		((SECONDS < end)) || { echo "never came true: $*"; return 1; }
		sleep 0.02
	done
}

# in_time STATUS COMMAND...: as run, with MSEC in its words as a number of milliseconds: few at first,
# and more where the machine was too slow for the command to make the file "ready" before they passed.
# Files ready* and locks are gone before each run
in_time() {
	local want=$1 ms

	shift
	for ms in 300 3000 30000; do
		alive 0
		rm -f ready* "$LOCKS"/*
		run --separate-stderr "${@//MSEC/$ms}"
		[[ -e ready ]] || continue
		same "$want" "$status"
		return
	done
	printf 'not ready within %s ms: %s\n%s\n' "$ms" "$*" "$stderr"
	return 1
}

# alive N: exactly so many processes hold a lock
alive() {
	[[ $(misbehave alive "$LOCKS") == "$1" ]]
}

# start ARG...: covey in the background; $pid, and files out and err
start() {
	misbehave watch run "$COVEY" "$@" >out 2>err </dev/null 3>&- &
	wait_for test -e run.pid
	pid=$(<run.pid)
}

# finish WANT: the covey that start started has ended so: "exit 3", "signal SIGTERM"
finish() {
	wait_for test -e run.status
	match "$(<run.status)" "^($1)\$" || { cat err; return 1; }
}

# of the covey that start started: the guard is its first process, the supervisor its only child
supervisor() {
	pgrep -P "$pid"
}

# does a child of the supervisor run that program by now? From then on covey has its handlers
runs() {
	local supervisor

	supervisor=$(supervisor) && pgrep -P "$supervisor" "$1"
}

# state PID STATE: as in ps(1)
state() {
	[[ $(ps -o state= -p "$1") == "$2" ]]
}

# the pid of a process that holds a lock NAME
holder() {
	local file=("$LOCKS/$1".*)

	echo "${file[0]##*.}"
}

# let_others_in: other users may come here, and write into TMPDIR
let_others_in() {
	local above=$PWD

	while [[ $above == "$BATS_RUN_TMPDIR"* ]]; do
		chmod o+x "$above"
		above=$(dirname "$above")
	done
	chmod 777 "$TMPDIR"
}

# as_other COMMAND...: as a user who is not root, and has no other processes; after needs_root
as_other() {
	setpriv --reuid 54321 --regid 54321 --clear-groups "$@"
}

# for tests that need to be another user, too
needs_root() {
	((EUID == 0)) || skip 'needs root, to be another user'
	let_others_in
	as_other "$COVEY" true ::: a || skip 'another user cannot run the covey here'
}

# for tests that make system calls fail
needs_strace() {
	command -v strace >/dev/null || skip 'needs strace'
	strace -f -o /dev/null -e trace=vfork true || skip 'strace may not trace here'
	# LeakSanitizer does not work in a process that is traced
	export ASAN_OPTIONS=detect_leaks=0
}
