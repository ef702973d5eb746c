#!/usr/bin/env bats
# The manual tells the truth about the options, and its examples and those of the README can be
# typed as they stand.
load common

manual=$COVEY_SRC/doc/covey.1

check() {
	"$COVEY_SRC/scripts/check-manual" "$@"
}

# caught SED-SCRIPT REGEX: a copy of the manual, so changed, is found wrong, with this message
caught() {
	sed "$1" "$manual" >copy.1
	run ! cmp -s "$manual" copy.1
	run -1 --separate-stderr check copy.1
	match "$stderr" "$2"
}

# caught_in ARG SED-SCRIPT REGEX: the same, where covey ARG prints something else
caught_in() {
	cat >other <<-END
		#!/bin/sh
		if [ "\$1" = '$1' ]; then "$COVEY" "\$1" | sed '$2'; else exec "$COVEY" "\$@"; fi
	END
	chmod +x other
	COVEY=$PWD/other run -1 --separate-stderr check
	match "$stderr" "$3"
}

# the commands of the sections FIRST EXAMPLES and EXAMPLES, each to a file of its own: example.01, …
write_examples() {
	awk '
	/^\.Sh / { inside = $0 ~ /^\.Sh (FIRST )?EXAMPLES$/ }
	/^\.Ed/ { literal = 0 }
	literal { print >sprintf("example.%02d", n) }
	inside && /^\.Bd -literal/ { literal = 1; n++ }' "$manual"
	sed -i "s/\\\\(aq/'/g; s/\\\\-/-/g; s/\\\\e/\\\\/g" example.*
}

# write_sessions SECTION: what is typed in the README's section, to the file typed, and what is
# printed, to the file printed; "$" begins a command, and a here-document ends with END
write_sessions() {
	awk -v section="## $1" '
	/^## / { inside = $0 == section }
	!inside || !/^    / { next }
	{ sub(/^    /, "") }
	here || sub(/^\$ /, "") {
		print >"typed"
		here = $0 != "END" && (here || /<<.END/)
		next
	}
	{ print >"printed" }' "$COVEY_SRC/README.md"
}

@test "the manual, --help and the table of options say the same" {
	run -0 check
	lacks "$output" '--'
}

@test "-h is one screen: what it does, ten options that --help has, and where more is" {
	run -0 --separate-stderr covey -h
	same '' "$stderr"
	[ "${#lines[@]}" -le 24 ]
	covey -h >short
	[ "$(wc -l <short)" -le 24 ]
	[ "$(wc -L <short)" -le 80 ]
	same 10 "$(grep -c '^  *-' short)"
	match "$output" 'usage: covey .*Run COMMAND once for each item.*covey --help.*covey\(1\)'
	covey --help >long
	sed -n 's/^  *\(-.*[^ ]\)   *[^ ].*/\1/p' short >options
	while IFS= read -r option; do
		grep -qF -e "$option" long || { echo "not in --help: $option"; return 1; }
	done <options
	[ "$(wc -l <options)" -eq 10 ]
	[ "$(wc -l <long)" -gt 100 ]
}

@test "an option that is missing" {
	caught '/^\.It Fl -slow/,/^Default/d' '--slow: in --help, but not in the manual'
}

@test "an option that does not exist" {
	caught '/^\.Ss Stopping/,/^\.El/s/^\.El/.It Fl -nosuch/' \
	    '--nosuch: in the manual, but not in --help'
}

@test "an option that is there twice" {
	caught 's/^\.It Fl -fail-fast/&\n&/' '--fail-fast: twice'
}

@test "another name of an argument" {
	caught 's/^\.It Fl -tries Ar N/.It Fl -tries Ar COUNT/' \
	    "--tries: the argument is 'N' .* 'COUNT'"
}

@test "an argument where there is none" {
	caught 's/^\.It Fl -tag$/& Ar T/' "--tag: the argument is missing .* 'T'"
}

@test "a short name that is missing" {
	caught 's/^\.It Fl j , Fl P ,/.It Fl j ,/' "--jobs: the short name is 'jP' .* 'j'"
}

@test "another default" {
	caught 's/^Default: 5s\./Default: 6s./' "--kill-after: the default is '5s' .* '6s'"
}

@test "a default that is missing" {
	caught '/^Default: newline\./d' "--delimiter: the default is 'newline' .* missing"
}

@test "another group" {
	caught 's/^\.Ss Stopping/.Ss Ending/' "--halt: the group is 'Stopping' .* 'Ending'"
}

@test "--help without an option" {
	caught_in --help /--deadline/d '--deadline: in the table, but not in --help'
}

@test "--help with another default" {
	caught_in --help 's/TERM)/INT)/' "--signal: the default is 'TERM' .* 'INT'"
}

@test "the table with another argument" {
	caught_in --help=table 's/^halt\t\tWHEN/halt\t\tIF/' \
	    "--halt: the argument is 'IF' .* 'WHEN'"
}

@test "a command that prints nothing is no agreement" {
	caught_in --help=table d 'no options in the table'
}

@test "what mandoc does not like" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	caught 's/^\.Sh DESCRIPTION/&\n.Nosuch/' 'unknown macro'
}

@test "the name of a macro in the text" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	local found='the name of a macro is in the text'

	caught 's/^\.Sh DESCRIPTION/&\n.Pq Lq words/' "$found: .*\(Lq words\)"
	caught 's/^\.Sh DESCRIPTION/&\nWith a Fl -tag ,/' "$found: .*Fl -tag"
}

@test "a reference to a page or a section that does not exist" {
	caught 's/^\.Xr covey-tasks 5/.Xr covey-tusks 5/' 'refers to covey-tusks\(5\), which is not there'
	caught 's/^\.Sh SHARDS/.Sh PARTS/' "refers to the section 'SHARDS', which is not there"
}

@test "each page is installed, and the README lists it" {
	mkdir -p copy/src
	cp -r "$COVEY_SRC/doc" "$COVEY_SRC/scripts" "$COVEY_SRC/README.md" "$COVEY_SRC/Makefile.am" copy
	run -0 copy/scripts/check-manual
	sed -i 's|doc/covey-tasks.5||' copy/Makefile.am
	sed -i '/doc.covey-xargs.1/d' copy/README.md
	run -1 copy/scripts/check-manual
	match "$output" 'doc/covey-tasks\.5 is not in Makefile\.am'
	match "$output" 'doc/covey-xargs\.1 is not in README\.md'
}

@test "without mandoc the rest is checked, and that is said" {
	mkdir tools
	for tool in awk bash dirname env grep mktemp rm sed sh sort; do
		ln -s "$(command -v "$tool")" tools
	done
	PATH=$PWD/tools run -0 check
	match "$output" 'no mandoc here'
	sed 's/^Default: 5s\./Default: 6s./' "$manual" >copy.1
	PATH=$PWD/tools run -1 check copy.1
	match "$output" '--kill-after: the default'
}

@test "the examples can be run, as far as --dry-run tells" {
	write_examples
	mkdir bin etc queue tests
	# --dry-run and --resume exclude each other
	printf '#!/bin/bash\nexec "$COVEY" --dry-run "${@/%%--resume/-q}"\n' >bin/covey
	chmod +x bin/covey
	printf 'team,login\nred,ann\n' >people.csv
	touch etc/a.conf b.conf c.txt d.log queue/e tests/test-f
	printf 'one\ntwo\n' | tee hosts.txt urls.txt items.txt >jobs.txt
	export CI_NODE_INDEX=1 CI_NODE_TOTAL=1
	# what --dry-run does not leave behind
	mkdir -p out/1 out/2
	echo '"outcome": "success"' >out/1/meta.json
	echo '"outcome": "exit"' >out/2/meta.json
	for example in example.*; do
		PATH=$PWD/bin:$PATH run -0 --separate-stderr sh "$example" ||
		    { echo "failed: $(<"$example")"; return 1; }
		same '' "$stderr"
		[ -n "$output" ] || { echo "nothing from: $(<"$example")"; return 1; }
	done
	[ -e example.12 ]
}

@test "six examples come right after the description" {
	same '.Sh FIRST EXAMPLES' "$(grep '^\.Sh' "$manual" | sed -n '/DESCRIPTION/{n;p}')"
	same 6 "$(sed -n '/^\.Sh FIRST/,/^\.Sh OPTIONS/p' "$manual" | grep -c '^\.Bd -literal')"
}

# write_tutorial: the files typed and shown, as write_sessions makes of the README; what is shown here
# is standard error, too
write_tutorial() {
	awk '
	/^\.Ed/ { literal = 0 }
	literal
	/^\.Bd -literal/ { literal = 1 }' "$COVEY_SRC/doc/covey-tutorial.7" |
	    sed "s/\\\\(aq/'/g; s/\\\\-/-/g; s/\\\\e/\\\\/g" >session
	awk '
	sub(/^\$ /, "") || here {
		print >"typed"
		here = $0 != "END" && (here || /<<.END/)
		next
	}
	{ print >"shown" }' session
}

@test "what the tutorial types prints what the tutorial shows" {
	write_tutorial
	mkdir bin tour
	ln -s "$COVEY" bin/covey
	cd tour
	PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 sh ../typed
	# of two tasks at once, and of what one writes to two streams, nobody knows what comes first
	same "$(sed 's/([0-9.]*m*s)$/(TIME)/' ../shown | sort)" \
	    "$(sed 's/([0-9.]*m*s)$/(TIME)/' <<<"$output" | sort)"
	[ "$(grep -c covey ../typed)" -ge 8 ]
}

@test "what the README types prints what the README shows" {
	write_sessions 'Several sources, and columns'
	mkdir bin
	ln -s "$COVEY" bin/covey
	PATH=$PWD/bin:$PATH run -0 --separate-stderr sh typed
	same "$(<printed)" "$output"
	same '' "$stderr"
	[ "$(grep -c covey typed)" -ge 4 ]
}
