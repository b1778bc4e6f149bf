#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The campaign of failing calls with made-up steps: it distinguishes defects from steps
# that work or report why they do not, and it fails after a defect.
set -euo pipefail
# shellcheck source=tests/campaign/fault
source "${top_srcdir:-.}/tests/campaign/fault"

SENTENCE='slurmstepd-n1: error: spank_sif: cannot fork: Cannot allocate memory'
SRUNS='srun: error: n1: task 0: Exited with exit code 1'
number=0

check() { # NAME CMD...
	local name=$1 result=ok
	shift
	number=$((number + 1))
	"$@" || result='not ok'
	echo "$result $number - $name"
}

is_judged() { # OUTCOME STATUS OUTPUT ERRORS HUNG REMAINS
	classify "$2" "$3" right "$4" "$5" "$6"
	[[ $outcome == "$1" ]]
}

# Whether the campaign fails after trials with these outcomes.
table_fails_after() { # OUTCOME...
	local -A trials=() worked=() warned=() failed=() defects=() longest=()
	local outcome
	for outcome; do
		count_outcome private:task:EPERM "$outcome" 1
	done
	! print_outcomes >/dev/null
}

table_is_fine_after() { # OUTCOME...
	! table_fails_after "$@"
}

# A call whose trials have these outcomes.
run_trial() {
	outcome=${outcomes[0]} reply=call ms=1 hung='' remains=''
	outcomes=("${outcomes[@]:1}")
}

is_fine_with_again() { # OUTCOME...
	local -A trials=() worked=() warned=() failed=() defects=() longest=()
	local outcomes=("$@") AGAIN=yes
	report_trial() { echo "$outcome"; }
	trial private task EPERM 1 >/dev/null
	print_outcomes >/dev/null
}

fails_with_again() { # OUTCOME...
	! is_fine_with_again "$@"
}

echo 1..15
check 'a step that works' is_judged worked 0 right '' '' ''
check 'a step that reports what it lacks' is_judged warned 0 other "$SENTENCE" '' ''
check 'a step that works and warns' is_judged worked 0 right "$SENTENCE" '' ''
check 'a step that reports why it fails' is_judged failed 1 '' "$SENTENCE" '' ''
check 'no message' is_judged silent 1 '' '' '' ''
check 'only a message from srun' is_judged silent 1 '' "$SRUNS" '' ''
check 'an empty message' is_judged silent 1 '' 'spank_sif: ' '' ''
check 'a command that ran elsewhere' is_judged wrong 0 other '' '' ''
check 'a step that hung' is_judged hung 137 '' "$SENTENCE" 'srun hung' ''
check 'a step that left a process' is_judged left 0 right '' '' 'process 7'
check 'defects make the campaign fail' table_fails_after worked silent failed
check 'no trial makes it fail' table_fails_after
check 'steps that work or report why not do not' table_is_fine_after worked failed
check 'a defect that does not come again does not, on request' is_fine_with_again \
	hung worked
check 'a defect that comes again does' fails_with_again hung left
