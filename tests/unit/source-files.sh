#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# ./quickstart and debian-tree copy no file that a build in the source folder has
# made, with git or without: .gitignore matches what autoreconf, configure and make
# have made for this build, and no source.
set -u
: "${top_srcdir:?}" "${top_builddir:?}"

if ! command -v bash >/dev/null; then
	echo "1..0 # SKIP no bash"
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
tree=$work/tree

source_files() { # FOLDER
	bash -ec 'source "$1/tests/lib/source-files.bash"
		source_files "$2"' bash "$top_srcdir" "$1"
}

# Creates empty files with the names on standard input.
fill() { # FOLDER
	mkdir -p "$1" && cat >"$work/names" && (
		cd "$1" || exit
		sed -n 's|/[^/]*$||p' "$work/names" | sort -u | tr '\n' '\0' |
			xargs -0 mkdir -p
		tr '\n' '\0' <"$work/names" | xargs -0 touch
	)
}

compare() { # NUMBER HOW
	source_files "$tree" >"$work/got"
	if difference=$(diff "$work/sources" "$work/got"); then
		echo "ok $1 - $2: all sources, and nothing built"
	else
		echo "not ok $1 - $2: sources are missing, or built files are included"
		echo "$difference" | sed 's/^/# /' | head -n 20
	fi
}

# This folder may be a copy that autoreconf has been run in.
if [ -e "$top_srcdir/.git" ] && command -v git >/dev/null; then
	git -C "$top_srcdir" -c safe.directory='*' ls-files |
		(cd "$top_srcdir" && while IFS= read -r file; do
			[ ! -e "$file" ] || echo "$file"
		done) | sort >"$work/sources"
else
	source_files "$top_srcdir" >"$work/sources"
fi
(cd "$top_builddir" && find . ! -type d ! -path './install/*' \
	! -path './kernels/*' -printf '%P\n'
	cd "$top_srcdir" && ls -d configure Makefile.in aclocal.m4 build-aux/* \
		m4/* autom4te.cache/*) >"$work/built" 2>/dev/null
fill "$tree" <"$work/sources"
grep -vxFf "$work/sources" "$work/built" | fill "$tree"
cp "$top_srcdir/.gitignore" "$tree/"

if [ "$(grep -c . "$work/sources")" -gt 250 ] &&
	[ "$(grep -cE '\.o$' "$work/built")" -gt 100 ]; then
	echo "ok 1 - there are sources and built files"
else
	echo "not ok 1 - sources or built files are missing"
fi
compare 2 "without git"
if command -v git >/dev/null; then
	git init -q "$tree"
	compare 3 "with git, of which nothing is tracked"
else
	echo "ok 3 # SKIP no git"
fi
echo 1..3
