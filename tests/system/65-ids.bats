#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# doc/privileges.md says which hook runs in which process with which privileges.  Its
# tables of hooks are compared with the kernel's view row by row.  A row that is never
# observed fails, and so does a hook without a row.
#
#   begin and end of a hook     ids-probe.c, listed before and after the plugin
#   within a hook, in a child   strace stops the process at a system call of that
#                               moment; /proc/PID/status
#   server, command             /proc/PID/status

load ../lib/common
load ../lib/assert

PRIVILEGES=$BATS_TEST_DIRNAME/../../doc/privileges.md
PROBE=/usr/lib/ids-probe.so

setup_file() {
	has_plugin && [[ -n ${IDS_PROBE-} ]] || return 0
	cluster_start --nodes=1 --bind="$IDS_PROBE:$PROBE" \
		--plugstack="required $PROBE /shared/ids before" \
		--plugstack-after="required $PROBE /shared/ids after"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
}

setup() {
	need_plugin
	[[ -n ${IDS_PROBE-} ]] || skip "IDS_PROBE is not set"
	OBSERVED=$BATS_FILE_TMPDIR/observed
	PLAIN=$BATS_FILE_TMPDIR/plain
	observe_all
}

teardown() {
	[[ -z ${CLUSTER-} ]] || stop_steps
}

# --- observations ------------------------------------------------------------

# Reads /proc/PID/status files, each below a line "== PHASE|HOOK|PROCESS", slurmd's
# first.  Prints each as a line in the words of the document:
# HOOK|PROCESS|UIDS|EFFECTIVE|PERMITTED|GIDS|GROUPS|INHERITABLE|AMBIENT|NNP|SECCOMP
# shellcheck disable=SC2016
TRANSLATION='
	my @names = qw(CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL
		SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
		NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
		SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT
		SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
		AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
		WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF
		CHECKPOINT_RESTORE);
	my $slurmd;

	sub ids {
		my @ids = split " ", shift;
		return join "/", map { { 0 => "root", 2001 => "user" }->{$_} // $_ }
			@ids[0 .. 2];
	}

	sub caps {
		my $mask = hex shift;
		return "none" if !$mask;
		return "all" if $mask == hex $slurmd->{CapPrm};
		return join ",", map { $names[$_] // "CAP_$_" }
			grep { $mask >> $_ & 1 } 0 .. 63;
	}

	sub groups {
		my $groups = join " ", split " ", shift;
		return "slurmd\x27s" if $groups eq join " ", split " ", $slurmd->{Groups};
		return "the user\x27s" if $groups eq "2001 3001 3002 3003";
		return $groups;
	}

	local $/ = "\n== ";
	while (my $record = <STDIN>) {
		my ($phase, $hook, $process) =
			$record =~ /^(?:== )?(.*)\|(.*)\|(.*)\n/ or next;
		my %is = $record =~ /^(\w+):\t(.*)$/mg;
		$slurmd //= \%is;
		$hook .= ": at its end" if $phase eq "after";
		print join("|", $hook, $process, ids($is{Uid}), caps($is{CapEff}),
			caps($is{CapPrm}), ids($is{Gid}), groups($is{Groups}),
			caps($is{CapInh}), caps($is{CapAmb}), $is{NoNewPrivs},
			$is{Seccomp}), "\n";
	}'

# Expanded by a shell on the cluster.
# shellcheck disable=SC2016
SLURMD='$(pgrep -xf "slurmd -D -N node1")'

# The present state of a process.
look_at() { # HOOK PROCESS PID
	echo "== live|$1|$2"
	as_root sh -c "cat /proc/$3/status"
}

# What the probe has reported since the last call.
take_record() {
	cat "$SHARED/ids"
	: >"$SHARED/ids"
}

steps_have_ended() {
	no_jobs && no_slurmstepd
}

observe_image_step() {
	local task
	as_root mkfifo -m 0666 /shared/go.0 /shared/go.1
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif sh -c \
		'echo $$ >>pids; exec cat go.$SLURM_PROCID'
	wait_for_lines "$SHARED/pids" 2
	look_at "init_post_opt: server executed" "image server" "$(server_pids)"
	for task in $(<"$SHARED/pids"); do
		look_at "(the command)" task "$task"
	done
	: >"$SHARED/go.0"
	: >"$SHARED/go.1"
	wait_step
	assert_status 0
	wait_until 20 steps_have_ended
	take_record
}

observe_plain_steps() {
	as_alice srun true
	as_alice sbatch --quiet --wait --output=/dev/null --wrap true
	as_alice salloc --quiet true
	wait_until 20 steps_have_ended
	take_record
}

slurmd_is_traced() {
	as_root sh -c "grep -q '^TracerPid:.*[1-9]' /proc/$SLURMD/status"
}

# The plugin's child: 6 is the last of the server's descriptors.
CLOSE_RANGE='close_range(8,'

# Slurm 26.05 makes such calls, too.
continue_slurms_own() {
	awk -v ours="$CLOSE_RANGE" '
		/ close_range[(][0-9]+,/ && $2 != ours { own[$1]; next }
		$2 ~ /[(]/ { delete own[$1] }
		END { for (pid in own) print pid }' "$SHARED/trace" |
		as_root xargs --no-run-if-empty kill -CONT
}

# Sets $stopped to the process that strace has stopped at the given call.
is_stopped_at() { # CALL
	continue_slurms_own
	stopped=$(awk -v call="$1" '
		index($2, call) == 1 { calls[$1] }
		/--- stopped by SIGSTOP ---$/ && $1 in calls { print $1; exit }
		' "$SHARED/trace")
	[[ -n $stopped ]]
}

look_at_call() { # HOOK PROCESS CALL
	local stopped=
	wait_until 20 is_stopped_at "$3" || {
		cat "$SHARED/trace" >&2
		return 1
	}
	look_at "$1" "$2" "$stopped"
	as_root kill -CONT "$stopped"
}

# The child calls close_range before it changes its ids.  Of the two tasks, one builds
# (pivot_root), then the other enters (setns).
observe_moments() {
	local tracer calls=close_range,pivot_root,setns
	as_root sh -c "exec strace -f -qq -o /shared/trace -e trace=$calls \
		-e inject=$calls:signal=SIGSTOP -p $SLURMD" >/dev/null 3>&- &
	tracer=$!
	wait_until 10 slurmd_is_traced
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif true
	look_at_call "init_post_opt: in the child" slurmstepd "$CLOSE_RANGE"
	look_at_call "task_init: building or entering" task "pivot_root("
	look_at_call "task_init: building or entering" task "setns("
	wait_step
	assert_status 0
	wait_until 20 steps_have_ended
	as_root sh -c 'kill -INT $(pgrep -x strace)'
	wait "$tracer" || true
	take_record
}

# Once for all tests: $OBSERVED gets the steps in an image, with srun, sbatch and
# salloc; $PLAIN gets the steps without an image.
observe_all() {
	local raw=$BATS_FILE_TMPDIR/raw
	[[ ! -s $OBSERVED ]] || return 0
	rm -f "$SHARED"/{pids,trace,go.*}
	look_at "" "" "$SLURMD" >"$raw.slurmd"
	observe_image_step >"$raw.image"
	observe_moments >>"$raw.image"
	observe_plain_steps >"$raw.plain"
	cat "$raw.slurmd" "$raw.plain" | perl -e "$TRANSLATION" | sed 1d >"$PLAIN"
	{
		cat "$raw.slurmd" "$raw.image" | perl -e "$TRANSLATION" | sed 1d
		grep -E '^[^|]*\|(sbatch|salloc)\|' "$PLAIN"
	} | sort -u >"$OBSERVED.new"
	mv "$OBSERVED.new" "$OBSERVED"
}

observed() { # HOOK PROCESS FIELDS
	awk -F '|' -v hook="$1" -v process="$2" '$1 == hook && $2 == process' \
		"$OBSERVED" | cut -d '|' -f "$3" | sort -u
}

# --- the document ------------------------------------------------------------

# Prints a table of hooks like $OBSERVED, with a line for each hook and process where a
# row names several.
table() { # NUMBER
	awk -F ' *[|] *' -v wanted="$1" '
		!/^\|/ { inside = 0 }
		/^\| hook \|/ { inside = ++number == wanted; next }
		!inside || /^\|-/ { next }
		{
			hooks = split($2, hook, ", ")
			processes = split($3, process, ", ")
			for (h = 1; h <= hooks; h++)
				for (p = 1; p <= processes; p++) {
					line = hook[h] "|" process[p]
					for (i = 4; i < NF; i++)
						line = line "|" $i
					print line
				}
		}' "$PRIVILEGES"
}

has_row() { # TABLE HOOK PROCESS
	[[ -n $(row "$@") ]]
}

row() { # TABLE HOOK PROCESS
	table "$1" | awk -F '|' -v hook="$2" -v process="$3" \
		'$1 == hook && $2 == process'
}

# --- the comparison ----------------------------------------------------------

# Called for each comparison; all_is_as_documented follows.
compare() { # NAME EXPECTED ACTUAL
	compared=$((${compared-0} + 1))
	[[ $3 == "$2" ]] ||
		differences+="$1: documented '$2', observed '${3:-nothing}'"$'\n'
}

all_is_as_documented() {
	((${compared-0} > 0)) || assertion_failed "nothing was compared"
	[[ -z ${differences-} ]] || {
		printf '%s\nall that was observed:\n%s\n' "$differences" \
			"$(<"$OBSERVED")" >&2
		return 1
	}
}

compare_table() { # NUMBER FIELDS-OF-THE-DOCUMENT FIELDS-OBSERVED
	local line hook process
	while IFS= read -r line; do
		IFS='|' read -r hook process _ <<<"$line"
		compare "$hook, $process" "$(cut -d '|' -f "$2" <<<"$line")" \
			"$(observed "$hook" "$process" "$3")"
	done < <(table "$1")
}

@test "the document has three tables of hooks" {
	run grep -c '^| hook |' "$PRIVILEGES"
	assert_output 3
	for number in 1 2 3; do
		[[ -n $(table "$number") ]]
	done
}

@test "uids and effective capabilities are as in the first table" {
	compare_table 1 3,4 3,4
	all_is_as_documented
}

@test "permitted capabilities differ from effective ones as in the second table" {
	compare_table 2 3 5
	while IFS='|' read -r hook process _; do
		has_row 2 "$hook" "$process" ||
			compare "$hook, $process, permitted" \
				"$(observed "$hook" "$process" 4)" \
				"$(observed "$hook" "$process" 5)"
	done < <(table 1)
	all_is_as_documented
}

@test "gids and groups are as in the third table" {
	compare_table 3 3,4 6,7
	all_is_as_documented
}

@test "every hook that runs has a row" {
	while IFS='|' read -r hook process _; do
		[[ $hook == *": at its end" ]] || compare "$hook, $process" "a row" \
			"$(has_row 1 "$hook" "$process" && echo "a row" || echo "no row")"
	done <"$OBSERVED"
	all_is_as_documented
}

@test "a hook leaves all privileges unchanged unless it has a row for its end" {
	while IFS='|' read -r hook process _; do
		[[ $hook == *": at its end" ]] || continue
		has_row 1 "$hook" "$process" || compare "$hook, $process" \
			"$(observed "${hook%: *}" "$process" 3-)" \
			"$(observed "$hook" "$process" 3-)"
	done <"$OBSERVED"
	all_is_as_documented
}

@test "inheritable and ambient sets are empty throughout" {
	run cut -d '|' -f 8,9 "$OBSERVED"
	assert_line "none|none" "$(wc -l <"$OBSERVED")"
}

# slurmd itself may run with either.
@test "the server has no_new_privs and seccomp, tasks in the end no_new_privs" {
	slurmd=$(observed init slurmstepd 10,11)
	while IFS='|' read -r hook process _; do
		case $hook in
		"init_post_opt: server executed") expected="1|2" ;;
		"task_init: "* | "(the command)") expected="1|${slurmd#*|}" ;;
		*) expected=$slurmd ;;
		esac
		compare "$hook, $process" "$expected" "$(observed "$hook" "$process" 10,11)"
	done <"$OBSERVED"
	all_is_as_documented
}

@test "in steps without an image no hook changes any privilege" {
	run grep -v ': at its end|' "$PLAIN"
	[[ $output == *"task_init|task|"* ]]
	before=$(sort <<<"$output")
	after=$(sed -n 's/: at its end|/|/p' "$PLAIN" | sort)
	assert_equal "$after" "$before"
}
