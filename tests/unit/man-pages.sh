#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The man pages as built: every @NAME@ is substituted, groff gives no warning, and each
# reference to a section of a page, such as "MODES in spank_sif(8)", is valid.
set -u
: "${top_srcdir:?}" "${top_builddir:?}"

if ! command -v perl >/dev/null; then
	echo '1..0 # SKIP no perl'
	exit 0
fi
pages='spank-sif.1 spank-sif-check.8 spank_sif.8 spank-sif-errors.7'
number=0

result() { # WHAT WRONG...: nothing is wrong if there is no second argument
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

for page in $pages; do
	made=$top_builddir/doc/$page
	result "$page: all is substituted" "$(grep -nE '@[A-Za-z_]+@' "$made" 2>&1)"
	if command -v groff >/dev/null; then
		result "$page: no warning of groff" "$(groff -man -ww -z "$made" 2>&1)"
	else
		number=$((number + 1))
		echo "ok $number # SKIP no groff"
	fi
done

# shellcheck disable=SC2016
references=$(cd "$top_srcdir" && perl -0777 -ne '
	while (/\b([A-Z]{3,}(?: [A-Z]+)*)\s+in\s+(?:\.BR )?`?(spank[\w\\-]*)\s?\((\d)\)/g) {
		my ($section, $page) = ($1, "$2.$3");
		$page =~ tr/\\//d;
		print "$section:$page\n";
	}' doc/*.in doc/*.md README.md HACKING.md SECURITY.md examples/README.md)
result "documents name sections" \
	"$([ "$(echo "$references" | wc -l)" -ge 8 ] || echo "found: $references")"
result "the sections are there" "$(echo "$references" | sort -u |
	while IFS=: read -r section page; do
		grep -qxF ".SH $section" "$top_srcdir/doc/$page.in" ||
			echo "$page has no $section"
	done 2>&1)"
echo "1..$number"
