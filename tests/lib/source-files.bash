# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# Which files are the source, for a copy of it: ./quickstart and debian-tree.

# Sets $pruned to find's expression for what .gitignore lists.
read_ignored() { # TOP
	local pattern
	pruned=(-name .git)
	while read -r pattern; do
		case $pattern in
		'' | '#'*) ;;
		/*) pruned+=(-o -path ".${pattern%/}") ;;
		*) pruned+=(-o -name "${pattern%/}") ;;
		esac
	done <"$1/.gitignore"
}

# Prints the source files, without files built among them.
source_files() { # TOP
	local file pruned
	if [[ -e $1/.git ]] && command -v git >/dev/null; then
		git -C "$1" -c safe.directory="$1" ls-files \
			--cached --others --exclude-standard
	else
		read_ignored "$1"
		(cd "$1" && find . \( "${pruned[@]}" \) -prune -o ! -type d \
			-printf '%P\n')
	fi | while IFS= read -r file; do
		[[ ! -e $1/$file ]] || echo "$file"
	done | sort
}
