#!/usr/bin/env bats
# The library as programs find it: installed, by pkg-config alone. The examples of doc/examples and
# doc/covey.3 are built as they say themselves, with every warning an error, and print what they say.
#
# From the build: COVEY_BUILD, the build directory; COVEY_CC and COVEY_CFLAGS, how it compiles.
load common

eval "common_$(declare -f setup)"

setup_file() {
	# installed, as packages are made, below a root of its own
	local root=$BATS_FILE_TMPDIR/root

	[[ -n ${COVEY_BUILD:-} ]] || return 0
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$COVEY_BUILD" install DESTDIR="$root" \
	    >"$BATS_FILE_TMPDIR/install.log" 2>&1 || { cat "$BATS_FILE_TMPDIR/install.log"; return 1; }
}

setup() {
	[[ -n ${COVEY_BUILD:-} ]] || skip 'needs COVEY_BUILD, the build directory'
	common_setup
	root=$BATS_FILE_TMPDIR/root
	pc=$(find "$root" -name covey.pc)
	shared=$(find "$root" -name 'libcovey.so')
	archive=$(find "$root" -name 'libcovey.a')
	export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root
	# nothing may be left out for being where the system has its own
	export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export LD_LIBRARY_PATH=${shared%/*}
	strict=(-Wall -Wextra -pedantic -Werror)
	read -ra compiler <<<"${COVEY_CC:-cc}"
	read -ra flags <<<"${COVEY_CFLAGS:-}"
}

# ---- the commands that the examples' own comments have ----

cc() {
	command "${compiler[@]}" "${flags[@]}" "${strict[@]}" "$@"
}

# the C++ compiler that goes with the C compiler
c++() {
	local name=${compiler[0]}

	case ${name##*/} in
	*clang*) name=${name/%clang*/clang++${name##*clang}} ;;
	*gcc*) name=${name/%gcc*/g++${name##*gcc}} ;;
	*) name=c++ ;;
	esac
	command "$name" "${flags[@]}" "${strict[@]}" "$@"
}

# where there is only an archive, it needs what it is made of
pkg-config() {
	if [[ -n $shared ]]; then
		command pkg-config "$@"
	else
		command pkg-config --static "$@"
	fi
}

# session FILE: the example's session: commands after "$ ", and what they print
session() {
	sed -n '/^ \*\//q; s/^ \*	//p' "$1"
}

# follow SESSION: runs its commands in turn; they print what it says, in any order, as tasks end in any
follow() {
	local line commands=() said=

	while IFS= read -r line; do
		case $line in
		'$ '*) commands+=("${line#'$ '}") ;;
		*) said+=$line$'\n' ;;
		esac
	done <"$1"
	[[ ${#commands[@]} -ge 2 && -n $said ]] || { echo "no session in $1"; return 1; }
	for line in "${commands[@]}"; do
		echo "$ $line" >>log
		eval "$line" >>printed 2>>log || { echo "exit status $?"; cat log printed; return 1; }
	done
	same "$(sort <<<"${said%$'\n'}")" "$(sort printed)" || { cat log; return 1; }
}

# example NAME.C: builds and runs it
example() {
	cp "$COVEY_SRC/doc/examples/$1" .
	session "$1" >session
	follow session
}

# header LANGUAGE STANDARD COMPILER...: the header by itself, and twice, makes no complaint
header() {
	local language=$1 standard=$2 flags

	shift 2
	read -ra flags < <(pkg-config --cflags covey)
	printf '#include <covey.h>\n#include <covey.h>\n' >alone
	"$@" -x "$language" -std="$standard" "${strict[@]}" "${flags[@]}" -fsyntax-only alone
}

# each compiler that is here
header_everywhere() {
	local compiler count=0

	for compiler in "${@:3}"; do
		command -v "$compiler" || continue
		header "$1" "$2" "$compiler" || { echo "with $compiler -std=$2"; return 1; }
		count=$((count + 1))
	done
	[[ $count -gt 0 ]] || skip "needs one of ${*:3}"
}

@test "example: division, functions with arguments and results" {
	example division.c
}

@test "example: queries, many commands with retries" {
	example queries.c
}

@test "example: queries, the same with another seed and number" {
	strict+=(-o queries)
	cc "$COVEY_SRC/doc/examples/queries.c" $(pkg-config --cflags --libs covey)
	run -0 ./queries 40 42
	match "$output" '^40 queries: 37 succeeded .* 3 failed'
	same 4 "${#lines[@]}"
}

@test "example: mixed, failures and timeouts" {
	example mixed.c
}

@test "example: poll_loop, a host with a loop of its own" {
	example poll_loop.c
}

@test "example: uv_loop, a host that lives in libuv" {
	PKG_CONFIG_SYSROOT_DIR='' command pkg-config --exists libuv || skip 'needs libuv (Debian: libuv1-dev)'
	example uv_loop.c
}

@test "example: cplusplus, from C++" {
	c++ --version || skip 'needs the C++ compiler that goes with the C compiler'
	example cplusplus.cpp
}

@test "no example is left out" {
	for file in "$COVEY_SRC"/doc/examples/*; do
		grep -q "^	example ${file##*/}\$" "$BATS_TEST_FILENAME" || { echo "$file"; return 1; }
		[[ $(find "$root" -path "*/examples/${file##*/}") ]] || { echo "$file: not installed"; return 1; }
	done
}

@test "the header by itself: C11" {
	header_everywhere c c11 gcc clang
}

@test "the header by itself: C17" {
	header_everywhere c c17 gcc clang
}

@test "the header by itself: C++17" {
	header_everywhere c++ c++17 g++ clang++
}

@test "the shared library exports what is in tests/symbols" {
	[[ -n $shared ]] || skip 'there is no shared library'
	sed '/^#/d' "$COVEY_SRC/tests/symbols" >wanted
	# the version is a symbol, too, of type A
	nm -D --defined-only "$shared" | sed -n '/ A /d; s/.* . \([^@]*\).*/\1/p' | LC_ALL=C sort >exported
	same "$(<wanted)" "$(<exported)"
}

@test "the archive has no names but covey_ and cv_, and the same calls" {
	[[ -n $archive ]] || skip 'there is no archive'
	# sanitizers add names of their own, which begin with underscores
	nm -g --defined-only "$archive" | sed -n 's/.* [A-TV-Z] \([^_].*\)/\1/p' | LC_ALL=C sort >defined
	same '' "$(grep -v -e '^covey_' -e '^cv_' defined)"
	same "$(sed '/^#/d' "$COVEY_SRC/tests/symbols")" "$(grep '^covey_' defined)"
}

@test "a program is linked with the archive" {
	[[ -n $archive ]] || skip 'there is no archive'
	rm -rf only
	mkdir only
	cp "$archive" only
	# where the shared library is there, too, it would be taken
	sed "s|^libdir=.*|libdir=$PWD/only|" "$pc" >only/covey.pc
	PKG_CONFIG_PATH=$PWD/only PKG_CONFIG_SYSROOT_DIR='' command pkg-config --static --libs covey >libs
	cc -o division "$COVEY_SRC/doc/examples/division.c" $(pkg-config --cflags covey) $(<libs)
	unset LD_LIBRARY_PATH
	run -0 ./division
	match "$output" '1/0: division by zero'
}

@test "a program is linked statically altogether" {
	[[ -n $archive ]] || skip 'there is no archive'
	[[ -z ${COVEY_SANITIZERS:-} ]] || skip 'sanitizers cannot be linked statically'
	cc -static -o division "$COVEY_SRC/doc/examples/division.c" \
	    $(command pkg-config --static --cflags --libs covey)
	run -0 ./division
	match "$output" '1/0: division by zero'
}

@test "the manual is installed, and the examples in it work as it says" {
	[[ $(find "$root" -path '*/man3/covey.3') ]]
	[[ $(find "$root" -path '*/man5/covey-journal.5') ]]
	# literal text that begins with an include is a program, and what follows it a session
	awk '
	/^\.Sh / { inside = $0 == ".Sh EXAMPLES" }
	/^\.Ed/ { literal = 0 }
	literal { print >(program ? "program.c" : "session") }
	/^\.Bd -literal/ { literal = inside; program = !program }' "$COVEY_SRC/doc/covey.3"
	sed -i "s/\\\\(aq/'/g; s/\\\\-/-/g; s/\\\\e/\\\\/g; s/\\\\&//g" program.c session
	follow session
}
