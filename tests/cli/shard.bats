#!/usr/bin/env bats
# Which part of the input is run, and in which order.
load common

# the variables of all engines, in case the tests run below one
setup_file() {
	unset "${!SLURM_ARRAY_@}" JOB_COMPLETION_INDEX "${!CLOUD_RUN_TASK_@}" \
	    "${!AWS_BATCH_JOB_ARRAY_@}" "${!CI_NODE_@}" "${!CIRCLE_NODE_@}" "${!BUILDKITE_PARALLEL_@}"
}

# shards N ARG...: the outputs of all N shards of the same command line, with standard input from in
shards() {
	local i n=$1

	shift
	for ((i = 1; i <= n; i++)); do
		covey --shard "$i/$n" "$@" <in || return
	done
}

# ---- --shard ----

@test "--shard: together, the shards run every item once, with its number in the whole input" {
	seq 101 200 >in
	wanted=$(paste -d ' ' <(seq 100) in)
	for by in hash count; do
		run -0 --separate-stderr shards 7 --shard-by $by sh -c 'echo $COVEY_TASK $1' -
		same "$wanted" "$(sort -n <<<"$output")"
		same '' "$stderr"
	done
	# the same again is the same
	same "$(shards 3 -k echo {#} {})" "$(shards 3 -k echo {#} {})"
	# neighbours stay together, in parts of equal size
	run -0 covey --shard 2/3 --shard-by count -k echo <in
	same "$(seq 135 167)" "$output"
}

@test "--shard: an item that is added moves no other" {
	seq 100 >in
	before=$(covey --shard 2/4 echo <in | sort)
	sed -i '7i new' in
	after=$(covey --shard 2/4 echo <in | grep -v new | sort)
	same "$before" "$after"
}

@test "--shard cuts combinations, lines before they are columns, and records before -n" {
	: >in
	run -0 shards 4 echo ::: a b c ::: 1 2 3
	same "$(echo {a,b,c}\ {1,2,3}$'\n' | sed 's/^ //; /^$/d')" "$(sorted "$output")"
	printf '%s\n' x,y a1,b1 a2,b2 a3,b3 >in
	run -0 shards 3 --header -C , echo {x}-{y} {#}
	same $'a1-b1 1\na2-b2 2\na3-b3 3' "$(sorted "$output")"
	seq 10 >in
	run -0 shards 2 -k --shard-by count -n 2 echo
	same $'1 2\n3 4\n5\n6 7\n8 9\n10' "$output"
}

@test "--shard: one shard alone complains of a line that has too many columns" {
	printf '%s\n' a b,c d >in
	complaints=0
	for i in 1 2 3; do
		run --separate-stderr covey --shard $i/3 --header -C , echo :::: in ::: h 1
		((status == 0)) || complaints=$((complaints + 1))
	done
	same 1 "$complaints"
}

@test "a shard may be empty: then nothing runs, and that is success" {
	run -0 --separate-stderr covey --shard 1/3 --shard-by count echo ::: one
	same one "$output"
	for shard in 2/3 3/3; do
		run -0 --separate-stderr covey --shard $shard --shard-by count echo ::: one
		same '' "$output$stderr"
	done
}

@test "--shard of much input is found while covey can still be stopped" {
	# an endless input that is always there, and in which nothing is ours
	start -0 --shard 1/10 -a /dev/zero false
	wait_for supervisor
	kill -TERM "$pid"
	finish 'signal SIGTERM'
}

@test "--shard auto: what the environment says, and what it does not" {
	run -0 env JOB_COMPLETION_INDEX=1 "$COVEY" --shard auto/3 --shard-by count -k echo ::: {1..6}
	same $'3\n4' "$output"
	run -0 env CI_NODE_INDEX=3 CI_NODE_TOTAL=3 "$COVEY" --shard auto --shard-by count -k echo ::: {1..6}
	same $'5\n6' "$output"
	run -0 env SLURM_ARRAY_TASK_ID=10 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_COUNT=3 \
	    SLURM_ARRAY_TASK_STEP=5 "$COVEY" --shard auto --shard-by count -k echo ::: {1..6}
	same $'1\n2' "$output"
	refused --shard auto touch ::: ran
	match "$stderr" "option '--shard': 'auto' needs .* CI_NODE_INDEX \(GitLab\)"
	JOB_COMPLETION_INDEX=2 CI_NODE_INDEX=1 CI_NODE_TOTAL=4 refused --shard auto touch ::: ran
	match "$stderr" "Kubernetes \(JOB_COMPLETION_INDEX is '2'\) and GitLab \(CI_NODE_INDEX is '1'\) disagree"
	CI_NODE_INDEX=one CI_NODE_TOTAL=4 refused --shard auto touch ::: ran
	match "$stderr" "CI_NODE_INDEX is 'one'"
	[[ ! -e ran ]]
}

@test "--shard: what cannot be is refused" {
	refused --shard 0/3 touch ::: ran
	refused --shard 4/3 touch ::: ran
	refused --shard 3 touch ::: ran
	match "$stderr" "option '--shard': '3' is not I/N"
	refused --shard 1/2 --shard-by size touch ::: ran
	refused --shard-by count touch ::: ran
	match "$stderr" "option '--shard-by' needs '--shard'"
	refused --journal j --retry-failed --shard 1/2
	run -1 covey --xargs --shard 1/2 touch ran </dev/null
	match "$output" "option '--shard' has no meaning for xargs"
	run -2 --separate-stderr covey --shuf -C '(' echo ::: a
	one_complaint
	[[ ! -e ran ]]
}

@test "--resume knows a task in whichever shard it was" {
	# equal commands are told apart by how many there are before, in all of the input
	printf '%s\n' a a b a b c a >in
	for i in 1 2 3; do
		run -0 covey --journal j --resume -q --shard $i/3 --shard-by count -c 'echo {} $COVEY_TASK >>ran' <in
	done
	same "$(paste -d ' ' in <(seq 7))" "$(sort -k2n ran)"
	for i in 1 2; do
		run -0 covey --journal j --resume -q --shard $i/2 -c 'echo {} $COVEY_TASK >>ran' <in
	done
	run -0 covey --journal j --resume -q -c 'echo {} $COVEY_TASK >>ran' <in
	same 7 "$(wc -l <ran)"
}

# ---- --shuf ----

@test "--shuf: every task once, in an order that the seed gives again" {
	seq 100 >in
	run -0 --separate-stderr covey --shuf -j 1 -c 'echo {} $COVEY_TASK {#}' <in
	shuffled=$output
	same "$(paste -d ' ' in in in)" "$(sort -n <<<"$shuffled")"
	[[ $(sort -n <<<"$shuffled") != "$shuffled" ]]
	same 1 "${#stderr_lines[@]}"
	match "$stderr" '^covey: shuffled; use --seed [0-9]+ to repeat this order$'
	seed=${stderr//[^0-9]/}
	run -0 --separate-stderr covey --shuf --seed "$seed" -j 1 -c 'echo {} $COVEY_TASK {#}' <in
	same "$shuffled" "$output"
	same '' "$stderr"
	# another time, another order
	run -0 --separate-stderr covey -q --shuf -j 1 -c 'echo {} $COVEY_TASK {#}' <in
	[[ $output != "$shuffled" ]]
	same '' "$stderr"
}

@test "--shuf: -k prints in the order of the input, and a resumed run knows what has run" {
	run -0 covey --shuf --seed 1 -k echo ::: {1..9}
	same "$(seq 9)" "$output"
	run -123 covey --journal j --shuf --seed 1 -k -c '[ {} != 3 ] || [ -e 3 ] && echo {}' ::: {1..9}
	: >3
	run -0 --separate-stderr covey --journal j --resume-failed --shuf --seed 2 -k \
	    -c '[ {} != 3 ] || [ -e 3 ] && echo {}' ::: {1..10}
	same $'3\n10' "$output"
}

@test "--shuf: tasks of several items, of a shard; and --dry-run" {
	run -0 --separate-stderr covey --shuf --seed 5 -j 1 -n 3 echo ::: {1..9}
	same $'1 2 3\n4 5 6\n7 8 9' "$(sorted "$output")"
	seq 20 >in
	run -0 shards 3 -q --shuf -j 1 echo
	same "$(seq 20)" "$(sort -n <<<"$output")"
	run -0 --separate-stderr covey --shuf --seed 5 --dry-run echo ::: {1..9}
	same "$(seq -f 'echo %g' 9)" "$(sorted "$output")"
	same "$output" "$(covey --shuf --seed 5 --dry-run echo ::: {1..9})"
}

@test "--shuf and --seed: what cannot be is refused" {
	refused --seed 1 touch ::: ran
	match "$stderr" "option '--seed' needs '--shuf'"
	refused --shuf --seed -1 touch ::: ran
	refused --shuf --seed 4294967296 touch ::: ran
	refused --shuf --order longest --journal j touch ::: ran
	refused --journal j --retry-failed --shuf
	run -1 covey --xargs --shuf touch ran </dev/null
	[[ ! -e ran ]]
}
