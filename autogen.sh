#!/bin/sh
# Makes configure and what it needs; wanted after a checkout, not for a release tarball.
set -eu
cd "$(dirname "$0")"

missing=
for tool in autoreconf:autoconf automake:automake libtoolize:libtool pkg-config:pkg-config; do
	command -v "${tool%%:*}" >/dev/null || missing="$missing ${tool#*:}"
done
if [ -n "$missing" ]; then
	echo "autogen.sh: these tools are missing (Debian: apt install$missing)" >&2
	exit 1
fi
mkdir -p m4
exec autoreconf --force --install
