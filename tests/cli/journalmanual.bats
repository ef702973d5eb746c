#!/usr/bin/env bats
# covey-journal(5) tells the truth: about the tables, and its queries can be run as they stand.
load common

manual=$COVEY_SRC/doc/covey-journal.5

# documented TABLE: the columns that the manual has for it, in their order
documented() {
	awk -v table="$1" '
	/^\.S[hs] / { inside = $0 == ".Ss Table " table }
	inside && /^\.It Va / { print $3 }' "$manual"
}

# write_queries: each to a file of its own, query.01, …
write_queries() {
	awk '
	/^\.Sh / { inside = $0 == ".Sh QUERIES" }
	/^\.Ed/ { literal = 0 }
	literal { print >sprintf("query.%02d", n) }
	inside && /^\.Bd -literal/ { literal = 1; n++ }' "$manual"
	sed -i "s/\\\\(aq/'/g; s/\\\\-/-/g" query.*
}

# on_record QUERY WANT: the journal j says so by now
on_record() {
	[[ $(sqlite3 j "$1") == "$2" ]]
}

@test "the tables have the columns that are documented, and no others" {
	covey --journal j true ::: a
	same $'attempt\nrun\ntask' "$(sqlite3 j "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")"
	for table in run task attempt; do
		same "$(sqlite3 j "SELECT name FROM pragma_table_info('$table')")" "$(documented $table)"
	done
}

@test "the version is the one that is documented" {
	covey --journal j true ::: a
	match "$(<"$manual")" "describes version $(sqlite3 j 'PRAGMA user_version')\."
	same $((0x636f7679)) "$(sqlite3 j 'PRAGMA application_id')"
	match "$(<"$manual")" 0x636f7679
}

@test "the outcomes are those that are documented" {
	run -123 covey --journal j -c '
		case {} in
		exit) exit 3;;
		signal) kill -KILL $$;;
		esac' ::: success exit signal
	run -123 covey --journal j --timeout 100ms sleep ::: 600
	run -124 covey --journal j --deadline 200ms sleep ::: 600
	run -123 covey --journal j --halt now,fail=1 -j 2 sh -c '[ {} = 1 ] || exec sleep 600; exit 1' ::: 2 1
	mkdir sub
	printf '#!/nowhere\n' >sub/script
	chmod +x sub/script
	run -123 covey --journal j ./sub/script ::: a
	run -0 sqlite3 j 'SELECT DISTINCT outcome FROM task UNION SELECT DISTINCT outcome FROM attempt'
	for outcome in "${lines[@]}"; do
		grep -q "^\.Cm $outcome\( \|\$\)" "$manual" || { echo "not documented: $outcome"; return 1; }
	done
	for outcome in success exit signal timeout spawn deadline cancelled; do
		grep -qx "$outcome" <<<"$output" || { echo "not seen: $outcome"; return 1; }
	done
}

@test "each query finds something" {
	command=(sh -c 'case {} in
		bad) echo no luck >&2; exit 3;;
		odd) [ $COVEY_ATTEMPT = 2 ];;
		hang) [ ! -e go ] || exec misbehave hold-file="$LOCKS/x" touch=ready sleep=600;;
		esac')
	run -123 covey --journal j --tries 2 --retry-interval 1ms "${command[@]}" ::: good bad odd hang
	: >go
	start --journal j --tries 2 --retry-interval 1ms -j 4 "${command[@]}" ::: good bad odd hang
	wait_for test -e ready
	wait_for on_record 'SELECT count(outcome) FROM task WHERE run = 2' 3
	kill -KILL "$(supervisor)"
	finish 'signal SIGKILL'
	write_queries
	[ -e query.10 ]
	for query in query.*; do
		run -0 --separate-stderr sqlite3 -bail j <"$query"
		[ -n "$output" ] || { echo "nothing from: $(<"$query")"; return 1; }
	done
	match "$(sqlite3 j <query.02)" '\|2\|.*\|exit\|3\|0\|\|no luck'
	match "$(sqlite3 j <query.03)" '\|3\|2\|sh -c'
	match "$(sqlite3 j <query.06)" '4\|[0-9]*\|[0-9]+\|sh -c .*hang'
}

@test "the manuals of the journal and its reader are without fault" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	for manual in covey-journal.5 covey-report.1; do
		same '' "$(mandoc -T lint "$COVEY_SRC/doc/$manual" 2>&1 |
		    grep -vE 'referenced manual not found|outdated mandoc\.db')"
	done
}
