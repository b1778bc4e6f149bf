#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# With any umask of root, users can use what `make install` installs but not change it,
# and they cannot read the programs that no user may trace.
set -u
: "${top_builddir:?}"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS

if ! (umask 077 && make -C "$top_builddir" install DESTDIR="$work/tree") \
	>"$work/log" 2>&1; then
	sed 's/^/# /' "$work/log" | tail -n 5
	echo "not ok 1 - make install fails"
	echo 1..1
	exit 0
fi
(cd "$work/tree" && find . -mindepth 1 -printf '%y %m %f\n') >"$work/modes"
wrong=$(grep -vE '^(d 755|f 644|f 755) |^f 711 spank-sif-(server|server-squashfuse|keeper)$' "$work/modes")
if [ -z "$wrong" ] && [ "$(grep -c '^f' "$work/modes")" -ge 9 ]; then
	echo "ok 1 - folders, files and programs have the modes that users need"
else
	echo "not ok 1 - wrong modes, or something is missing:" $wrong
fi
readable=$(grep -E ' spank-sif-(server.*|keeper)$' "$work/modes" |
	grep -v '^f 711 ')
unreadable=$(grep -c '^f 711 spank-sif-' "$work/modes")
if [ -z "$readable" ] && [ "$unreadable" -ge 2 ]; then
	echo "ok 2 - servers and keeper cannot be read"
else
	echo "not ok 2 - $unreadable programs cannot be read, but: $readable"
fi
echo 1..2
