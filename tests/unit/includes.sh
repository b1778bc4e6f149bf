#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Which folder may include which.  A folder includes its own headers and those
# of the folders in its line, and no file depends on itself through others.  A
# .c file and its .h count as one.
set -u
: "${top_srcdir:?}"

# FOLDER: folders that its files may include besides their own.
may_include='
common:
common/privileged: common
spank/plugin/settings: common
spank/plugin/io: common
spank/plugin/container: common common/privileged spank/plugin/settings spank/plugin/io
spank/plugin/environment/variables: common
spank/plugin/environment/sh: common spank/plugin/environment/variables
spank/plugin/environment: common common/privileged spank/plugin/io spank/plugin/container spank/plugin/environment/sh spank/plugin/environment/variables
spank/plugin: common common/privileged spank/plugin/settings spank/plugin/io spank/plugin/container spank/plugin/environment spank/plugin/environment/sh spank/plugin/environment/variables
spank/server/filesystem: common
spank/server/squashfs: common spank/server/filesystem
spank/server/squashfuse: common spank/server/filesystem spank/server/squashfs
spank/server/ext: common spank/server/filesystem
spank/server/readers: common spank/server/filesystem spank/server/squashfs spank/server/ext
spank/server/fuse: common spank/server/filesystem spank/server/readers
spank/server/prefetch: common spank/server/filesystem spank/server/fuse spank/server/readers
spank/server: common spank/server/filesystem spank/server/fuse spank/server/prefetch spank/server/readers
spank/check: common common/privileged spank/plugin spank/plugin/io spank/plugin/settings spank/plugin/container
spank/gpus: common
spank/inspect: common
spank/keeper: common common/privileged
spank/sweep: common common/privileged
spank/userns: common common/privileged
'

cd "$top_srcdir" || exit 1
# FILE HEADER, a line for each include that is ours.
pairs=$(grep -ro '^#include "[^"]*"' common spank --include='*.[ch]' |
	sed 's/:#include "\(.*\)"$/ \1/')
count=$(printf '%s\n' "$pairs" | grep -c .)

wrong=$(printf '%s\n' "$pairs" | awk -v table="$may_include" '
	function folder(path) { sub(/\/[^\/]*$/, "", path); return path }
	BEGIN {
		lines = split(table, line, "\n")
		for (i = 1; i <= lines; i++) {
			words = split(line[i], word, /:? +|:$/)
			known[word[1]] = 1
			for (j = 2; j <= words; j++)
				allowed[word[1], word[j]] = 1
		}
	}
	{
		from = folder($1); to = folder($2)
		if (!(from in known))
			print from " has no line in this table"
		else if (from != to && !((from, to) in allowed))
			print $1 " includes " $2
	}' | sort -u)
if [ -z "$wrong" ] && [ "$count" -gt 100 ]; then
	echo "ok 1 - $count includes go where the table lets them"
else
	echo "not ok 1 - includes that the table forbids, of $count"
	printf '%s\n' "$wrong" | sed 's/^/# /'
fi

# A header called internal.h is part of the files that include it.  tsort(1)
# prints the files of each circle to standard error.
circles=$(printf '%s\n' "$pairs" | grep -v 'internal\.h ' |
	sed 's/\.[ch]\>//g' | awk '$1 != $2' | tsort 2>&1 >/dev/null |
	sed 's/^tsort: //')
if [ -z "$circles" ]; then
	echo "ok 2 - no file depends on itself"
else
	echo "not ok 2 - circles of includes"
	printf '%s\n' "$circles" | sed 's/^/# /'
fi

# error.h is allowed: only the GNU C library has <error.h>, and no file includes
# it.
names=$(find common spank tests -name '*.h' ! -name error.h \
	-exec basename {} \; | sort -u | while read -r name; do
	[ ! -e "/usr/include/$name" ] || echo "$name"
done)
tests=$(find common spank -name '*test*.[ch]' -o -name '*_spec.[ch]')
if [ -z "$names$tests" ]; then
	echo "ok 3 - no file is named like a system header or a test"
else
	echo "not ok 3 - misleading names:" $names $tests
fi

# A file of common/ is used by two programs or more, directly or through other
# files of common/.  What root calls, common/privileged, counts as one of them.
lonely=$(printf '%s\n' "$pairs" | awk '
	function subject(path) { sub(/\.[ch]$/, "", path); return path }
	function user(path, part) {
		split(path, part, "/")
		return part[1] "/" part[2]
	}
	subject($2) ~ /^common\/[^\/]*$/ && subject($1) != subject($2) {
		to[++count] = subject($2)
		from[count] = subject($1)
	}
	END {
		for (changed = 1; changed; ) {
			changed = 0
			for (i = 1; i <= count; i++) {
				if (from[i] !~ /^common\/[^\/]*$/)
					all = user(from[i])
				else
					all = users[from[i]]
				n = split(all, each, " ")
				for (j = 1; j <= n; j++)
					if (!((to[i], each[j]) in seen)) {
						seen[to[i], each[j]] = 1
						users[to[i]] = users[to[i]] " " each[j]
						changed = 1
					}
			}
		}
		for (i = 1; i <= count; i++)
			if (split(users[to[i]], each, " ") < 2)
				print to[i] ".h:" users[to[i]]
	}' | sort -u)
if [ -z "$lonely" ]; then
	echo "ok 4 - two programs use each file of common/"
else
	echo "not ok 4 - files of common/ with one user"
	printf '%s\n' "$lonely" | sed 's/^/# /'
fi
echo 1..4
