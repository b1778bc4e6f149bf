#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The files and functions that documents and comments refer to exist.  In a document
# that is what is in backquotes, in a comment what ends in .c or .h; in both what ends
# in ().
set -u
: "${top_srcdir:?}"

if ! command -v perl >/dev/null; then
	echo '1..0 # SKIP no perl'
	exit 0
fi
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$top_srcdir" || exit 1

# Of the kernel, Slurm, libraries and runtimes.
foreign='(linux|sys|slurm|fs|pkg|env)/.*|ext4_.*|(old|new)_(de|en)code_dev|fuse_.*'
foreign="$foreign|_do_option_cb|spank\\.h|config\\.h|[A-Z]+\\.md"

# NAME FILE, a line for each reference.
# shellcheck disable=SC2016,SC2046
perl -0777 -ne '
	my @texts = $ARGV =~ /\.md$/ ? $_ : m{/\*(.*?)\*/}gs;
	my $file = $ARGV =~ /\.md$/ ?
		qr/`([\w\/.-]+\.(?:c|h|sh|bats|bash|md|dot)|priv_\w+)`/ :
		qr/\b([\w\/-]+\.[ch])\b/;
	for my $text (@texts) {
		print "$1 $ARGV\n" while $text =~ /$file/g;
		print "$1 $ARGV\n" while $text =~ /\b(\w+)\(\)/g;
	}' ./*.md doc/admin.md doc/design.md doc/privileges.md doc/decisions/*.md \
	$(find common spank -name '*.[ch]') |
	grep -Evx "($foreign) .*" | sort -u >"$work/names"

# Each file by every end of its path, and what is called or defined in code.
find common spank tests doc etc examples ./*.md |
	awk '{ do print; while (sub(/^[^\/]*\//, "")) }' >"$work/known"
# shellcheck disable=SC2046
perl -0777 -ne 's{/\*.*?\*/}{}gs; print "$1\n" while /\b(\w+)\s*\(/g' \
	$(find common spank tests -name '*.[ch]' -o -name '*.bash') >>"$work/known"

missing=$(awk '
	NR == FNR { known[$0] = 1; next }
	{ sub(/^(\.\.\/)+/, "", $1) }
	!($1 in known) { print $2 " refers to " $1 }' "$work/known" "$work/names")
count=$(grep -c . "$work/names")
if [ -z "$missing" ] && [ "$count" -gt 400 ]; then
	echo "ok 1 - $count references lead to a file or a function"
else
	echo "not ok 1 - references that lead nowhere, of $count"
	printf '%s\n' "$missing" | sed 's/^/# /'
fi
echo 1..1
