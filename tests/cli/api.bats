#!/usr/bin/env bats
# The library's manual and the list of its symbols say what covey.h says, and nothing else.
load common

check() {
	"$COVEY_SRC/scripts/check-api" "$@"
}

# caught SED-SCRIPT REGEX: a copy of the manual, so changed, is found wrong, with this message
caught() {
	sed "$1" "$COVEY_SRC/doc/covey.3" >copy.3
	run ! cmp -s "$COVEY_SRC/doc/covey.3" copy.3
	run -1 --separate-stderr check copy.3
	match "$stderr" "$2"
}

# caught_symbols SED-SCRIPT REGEX: the same with the list of symbols
caught_symbols() {
	sed "$1" "$COVEY_SRC/tests/symbols" >symbols
	run ! cmp -s "$COVEY_SRC/tests/symbols" symbols
	run -1 --separate-stderr check "$COVEY_SRC/doc/covey.3" symbols
	match "$stderr" "$2"
}

@test "the header, the manual and the list of symbols say the same" {
	run -0 check
}

@test "a function that is missing in the manual" {
	caught '/^\.Fn covey_pull /d' 'function void covey_pull\(struct covey \*ex\): in the header, but not in the manual'
}

@test "a function that does not exist" {
	caught 's/^\.Ss Cancelling/&\n.Fn covey_nosuch/' 'name covey_nosuch: in the manual, but not in the header'
}

@test "a function with another argument" {
	caught 's/^\(\.Fn covey_set_workers .*\)"unsigned max_workers"/\1"int max_workers"/' \
	    'covey_set_workers\(.* int max_workers.*: in the manual, but not in the header'
}

@test "a function with another result" {
	caught '/^\.Fn covey_fd /s/.*/.Ft long\n&/' 'function long covey_fd'
}

@test "a callback that is missing" {
	caught '/^\.Fn covey_each_fn/d' 'function typedef void covey_each_fn\(.* but not in the manual'
}

@test "a type that is missing" {
	caught 's/covey_relayed/Xxx/' 'name covey_relayed: in the header, but not in the manual'
}

@test "a constant that is missing" {
	caught 's/COVEY_CANCEL_KILL/Xxx/' 'name COVEY_CANCEL_KILL: in the header, but not in the manual'
}

@test "a constant that does not exist" {
	caught 's/COVEY_NO_PIDFD/COVEY_NO_PIPE/' 'name COVEY_NO_PIPE: in the manual, but not in the header'
}

@test "an option that is missing, and one that does not exist" {
	caught 's/^\.It Fa jitter/.It Fa judder/' 'option jitter: in the header, but not in the manual'
	match "$stderr" 'option judder: in the manual, but not in the header'
}

@test "a symbol that is missing, and one that does not exist" {
	caught_symbols 's/^covey_step$/covey_stop/' 'covey_step: in the header, but not in the list of symbols'
	match "$stderr" 'covey_stop: in the list of symbols, but not in the header'
}

@test "an empty manual agrees with nothing" {
	: >empty.3
	run -1 --separate-stderr check empty.3
	match "$stderr" 'nothing was found'
}

@test "what mandoc does not like" {
	command -v mandoc >/dev/null || skip 'needs mandoc'
	caught 's/^\.Sh DESCRIPTION/&\n.Nosuch/' 'unknown macro'
}
