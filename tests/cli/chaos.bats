#!/usr/bin/env bats
# Whatever kills covey, and whenever: the journal is sound, and nothing is lost or done twice.
load common

TASKS=300
KILLS=50

# what each task does: it says that it begins, takes its time, and leaves its effect
task='echo {} >>begun; misbehave hold-file="$LOCKS/{}" sleep=0.0$(({} % 10)); echo {} >>effects'

# query SQL: of the journal, which a supervisor that stops in order may just be closing
query() {
	sqlite3 -cmd '.timeout 20000' j "$1"
}

# seed: what chance is made of, printed with a test that fails; CHAOS_SEED has it again
seed() {
	RANDOM=${CHAOS_SEED:=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
	echo "seed $CHAOS_SEED"
}

# begin: a covey in the background that resumes, in a session of its own; $pid
begin() {
	rm -f run.pid run.status
	start --journal j --resume -q -j 8 sh -c "$task" $(seq "$TASKS" | sed '1i:::')
}

sound() {
	same ok "$(query 'PRAGMA integrity_check')"
}

# tasks that are on record as succeeded are not begun again; before: those that were
none_twice() {
	local again

	again=$(tail -n +$((begun + 1)) begun | sort -u | comm -12 - <(sort before))
	same '' "$again"
}

# what has begun has an attempt on record, be it killed in the first moment
all_recorded() {
	local missing

	[[ -s j ]] || return 0
	missing=$(tail -n +$((begun + 1)) begun | sort -u | comm -23 - <(query '
	    SELECT DISTINCT input FROM task t JOIN attempt a ON a.task = t.id
	    WHERE run = (SELECT max(id) FROM run)' | sort))
	same '' "$missing"
}

# remember: what is on record now
remember() {
	if [[ -s j ]]; then
		query "SELECT input FROM task WHERE outcome = 'success'" >before
	else
		: >before
	fi
	begun=$(wc -l <begun)
}

# until_done: without being killed, and everything is there
until_done() {
	remember
	run -0 covey --journal j --resume -q -j 8 sh -c "$task" $(seq "$TASKS" | sed '1i:::')
	none_twice
	same "$(seq "$TASKS")" "$(sort -nu effects)"
	same "$TASKS" "$(query "SELECT count(*) FROM task WHERE outcome = 'success'")"
	sound
}

# some_time MAX: of so many milliseconds at most, by chance
some_time() {
	sleep "0.$(printf %03d $((RANDOM % $1)))"
}

@test "kill -9 of the supervisor, of the guard, and SIGTERM, at any moment" {
	seed
	: >begun
	: >effects
	for ((i = 0; i < KILLS + 10; i++)); do
		remember
		begin
		some_time 60
		target=$(supervisor) || target=$pid
		case $((i % 6)) in
		4) kill -KILL "$pid" || : ;;
		5) kill -TERM "$pid" || : ;;
		*) kill -KILL "$target" || : ;;
		esac
		wait_for test -e run.status
		# a supervisor whose guard was killed stops in order, by itself
		wait_for alive 0
		[[ ! -s j ]] || wait_for sound
		none_twice
		all_recorded
	done
	until_done
}

@test "what covey printed is on record after kill -9" {
	seed
	for ((i = 0; i < 10; i++)); do
		rm -f run.pid run.status
		start --journal j -j 8 sh -c 'echo {}' ::: {1..2000}
		wait_for test -s out
		some_time 100
		target=$(supervisor) && kill -KILL "$target" || :
		wait_for test -e run.status
		query "SELECT input FROM task WHERE outcome = 'success' AND run = (SELECT max(id) FROM run)" |
		    sort >recorded
		# the last line may have been cut off
		same '' "$(grep -xE '[0-9]+' out | sort | comm -23 - recorded)"
		sound
	done
}

# full COMMAND: in a small file system of its own at ./small
full() {
	unshare --mount --map-root-user sh -c '
		mount -t tmpfs -o size=256k none small && cd small || exit 99
		'"$1"
}

@test "a full disk: what runs is not lost, exit 125, and the journal is sound" {
	mkdir small
	unshare --mount --map-root-user true || skip 'mount namespaces are not allowed here'
	run -0 --separate-stderr full '
		"$COVEY" --journal j -j 4 sh -c "head -c 20000 /dev/zero | tr \"\\0\" x >&2; echo {}" ::: $(seq 200) >../out 2>../err
		echo $? >../status
		dd if=/dev/zero of=fill bs=1k >/dev/null 2>&1
		rm -f fill
		sqlite3 j "PRAGMA integrity_check" >../check
		sqlite3 j "SELECT input FROM task WHERE outcome = '"'success'"'" >../recorded'
	same 125 "$(<status)"
	match "$(grep -ao "covey: cannot write[^;]*" err)" "cannot write the journal 'j': .*full"
	same ok "$(<check)"
	[ -s out ]
	[ -s recorded ]
	# all that was recorded was done, and the few that then ran were printed
	same '' "$(sort recorded | comm -23 - <(sort out))"
	(($(sort out | comm -23 - <(sort recorded) | wc -l) <= 12))
}
