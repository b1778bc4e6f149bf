# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
#
# The last line of ./quickstart check and of `make check-releases`.

# The lines that say RESULT in Automake's .trs files below the folders, and those
# that match REGEXP in the TAP of the files.
count_results() { # RESULT REGEXP FILE|FOLDER...
	local result=$1 regexp=$2 place
	shift 2
	for place; do
		if [[ -d $place ]]; then
			find "$place" -name '*.trs' -exec \
				grep -hE "^:test-result: ($result)" {} + || true
		else
			grep -E "$regexp" "$place" || true
		fi
	done | wc -l
}

# STATUS is that of all programs together: one that did not run to its end has no
# result to count.  False if anything failed.
print_counts() { # STATUS FILE|FOLDER...
	local status=$1 passed failed skipped
	shift
	skipped=$(count_results SKIP '^ok .* # skip' "$@")
	passed=$(count_results 'PASS|XFAIL' '^ok ' "$@")
	passed=$((passed - $(count_results none '^ok .* # skip' "$@")))
	failed=$(count_results 'FAIL|XPASS|ERROR' '^not ok ' "$@")
	((failed || !status)) || failed=1
	echo "$passed passed, $failed failed, $skipped skipped"
	((!failed && !status))
}
