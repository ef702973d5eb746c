# Shell functions shared by the scripts here; to be sourced by sh.
# shellcheck shell=sh

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# run COMMAND [ARG]...: shows the command, then runs it
run()
{
	echo "+ $*"
	"$@"
}

# as_root COMMAND [ARG]...: shows the command and runs it as root, through sudo where necessary
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		run "$@"
	elif command -v sudo >/dev/null; then
		run sudo "$@"
	else
		die "this needs root, and there is no sudo: $*"
	fi
}

# prints those of the packages that are not installed
missing_packages()
{
	for package in "$@"; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' ||
			echo "$package"
	done
}

# need_packages PACKAGE...: installs the Debian packages that are missing
need_packages()
{
	command -v apt-get >/dev/null ||
		die "no apt-get here; what you need to install yourself is known to Debian as: $*"
	packages=$(missing_packages "$@")
	[ -n "$packages" ] || return 0
	# shellcheck disable=SC2086  # a list of words
	set -- $packages
	echo "installing: $*"
	as_root apt-get -q update
	as_root env DEBIAN_FRONTEND=noninteractive \
	    apt-get -q -y --no-install-recommends install "$@"
}

# prints the names of the source files in directory $1, NUL-terminated
list_sources()
{
	if git -C "$1" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$1" ls-files -z --cached --others --exclude-standard
	else
		(cd "$1" && find . -type f -print0)
	fi
}

# copy_sources FROM TO: the sources alone, without what a build in the source tree has left
copy_sources()
{
	mkdir -p "$2"
	# the exclusions are for a copy without git, the missing files for a work tree with changes
	list_sources "$1" | tar -C "$1" -cf - --ignore-failed-read \
	    --exclude='*.o' --exclude='*.lo' --exclude='*.la' --exclude='*.a' --exclude=.git \
	    --exclude=.libs --exclude=.deps --exclude=config.status --exclude=./Makefile \
	    --null -T - | tar -C "$2" -xf -
}
