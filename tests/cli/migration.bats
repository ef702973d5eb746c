#!/usr/bin/env bats
# covey-migration(7) tells the truth: each line of its tables is run, on both sides where the other
# program is installed, and on covey's side otherwise.
load common

manual=$COVEY_SRC/doc/covey-migration.7

# rows MANUAL SECTION: the entries of the section's table: theirs, covey's and the statuses
rows() {
	awk -v section=".Sh $2" '
	function text(line) {
		gsub(/^[^"]*"|"$/, "", line)
		gsub(/\\\(aq/, "\047", line)
		gsub(/\\\(dq/, "\"", line)
		gsub(/\\-/, "-", line)
		gsub(/\\e/, "\\", line)
		return line
	}
	function flush() {
		if (theirs != "")
			print theirs "\001" ours "\001" statuses
		theirs = ours = ""
		statuses = 0
	}
	/^\.Sh / { inside = $0 == section }
	!inside { next }
	/^\.It |^\.El/ { flush() }
	/^\.It Li "/ { theirs = text($0) }
	/^\.Li "/ { ours = text($0) }
	sub(/^\.Pq status /, "") { statuses = $0 }' "$1"
}

# what the page says of the files in the tables
make_files() {
	printf '%s\n' a b c >list
	printf '%s\n' 'a b' ' c  d' >lines
	printf '%s\0' 'a b' $'c\nd' >list0
	printf '%s\n' one.txt two.txt >files
	echo 1 >one.txt
	echo 12 >two.txt
	printf '%s\n' 'echo a; echo b' 'echo c | cat' >commands
	printf '%s\n' n,m 1,2 3,4 >table
	printf '#!/bin/sh\necho "$1" >"$1.out"\n' >job
	printf '#!/bin/sh\necho "$1"\n[ "$1" != b ]\n' >check
	printf '#!/bin/sh\n[ -e seen ] || { touch seen; exit 1; }\necho done\n' >flaky
	chmod +x job check flaky
	printf 'a b c:\n\t@./check $@\n.PHONY: a b c\n' >Makefile
	touch -d @1000000000 ./*
}

# files that both sides leave, and what is in them; logs have times in them
left_over() {
	find . -type f ! -name log ! -name ',*' -exec cksum {} + | sort -k 3
}

# side NAME LINE: runs it; NAME.out, NAME.status and NAME.files
side() {
	local status=0

	mkdir "$1"
	cd "$1" || return 1
	make_files
	PATH=$bin:$PATH SHELL=/bin/sh sh -c "$2" >"../$1.out" 2>"../$1.err" </dev/null 3>&- ||
	    status=$?
	echo "$status" >"../$1.status"
	left_over >"../$1.files"
	cd ..
	rm -r "$1"
}

# is the other program of this line here, and the one that the page means?
is_here() {
	case $1 in
	'xargs '*) xargs --version | grep GNU ;;
	'parallel '*) parallel --version | grep GNU ;;
	'retry '*) retry --help 2>&1 | grep -e --until ;;
	'make '*) make --version | grep GNU ;;
	'nq '*) command -v fq ;;
	*) command -v "${1%% *}" ;;
	esac >/dev/null 2>&1
}

# agree NAME: the same text on both sides, whose lines have the same order only with -k
agree() {
	if [[ $2 == *' -k '* ]]; then
		cmp "theirs.$1" "ours.$1"
	else
		cmp <(sort "theirs.$1") <(sort "ours.$1")
	fi || { diff "theirs.$1" "ours.$1"; return 1; }
}

# true_line THEIRS OURS STATUSES
true_line() {
	side ours "$2" || return 1
	[[ $(<ours.status) == "${3#* / }" ]] ||
	    { echo "covey's status is $(<ours.status)"; cat ours.err; return 1; }
	is_here "$1" || return 0
	side theirs "$1" || return 1
	compared=$((compared + 1))
	[[ $(<theirs.status) == "${3% / *}" ]] ||
	    { echo "the other status is $(<theirs.status)"; cat theirs.err; return 1; }
	agree out "$2" && agree files "$2"
}

# true_table MANUAL SECTION: every line of its table is true, and there are some
true_table() {
	local compared=0 n=0 theirs ours statuses bin=$PWD/bin

	mkdir -p bin
	ln -sf "$COVEY" bin/covey
	export HOME=$PWD
	while IFS=$'\001' read -r theirs ours statuses; do
		true_line "$theirs" "$ours" "$statuses" ||
		    { echo "not true: $theirs | $ours | $statuses"; return 1; }
		n=$((n + 1))
	done < <(rows "$1" "$2")
	echo "$n lines, $compared compared"
	((n >= 10)) || { echo "only $n lines in $2"; return 1; }
}

@test "every line of the table for xargs is true" {
	true_table "$manual" 'FROM XARGS'
}

@test "every line of the table for GNU parallel is true" {
	true_table "$manual" 'FROM GNU PARALLEL'
}

@test "every line of the table for retry wrappers, timeout, queues and make is true" {
	true_table "$manual" 'FROM RETRY WRAPPERS, TIMEOUT, QUEUES AND MAKE'
}

# caught SED-SCRIPT REGEX: the table for xargs, so changed, is found wrong
caught() {
	sed "$1" "$manual" >copy.7
	run ! cmp -s "$manual" copy.7
	run -1 true_table copy.7 'FROM XARGS'
	match "$output" "$2"
}

@test "a line that is not true is found" {
	is_here 'xargs ' || skip 'needs GNU xargs'
	caught 's/"covey -n 2 echo <list"/"covey -n 3 echo <list"/' 'not true: xargs -n 2 echo <list'
	caught 's/^\.Pq status 127 .*/.Pq status 127/' "status is 2"
	caught 's/^\.Li "covey cp {} {}\.bak/.Li "covey cp {} {}.old/' 'not true: xargs -I \{\} cp'
	caught '/^\.It Li/d' 'only 0 lines'
}
