# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the campaigns share.  They source it as root on a throw-away cluster of one
# node, node1, with --fuse-mode=0666.  In the order of a trial:
#
#   set_mode MODE [ARGUMENT]   the arguments of the plugin
#   look_at_host               what is there before; after a step of that mode
#   find_processes ROLE        of the step that runs, into $pids
#   start_slurmd               anew, when it was killed
#   finish_step PID            ends what srun has not ended by itself
#   wait_until_clean [SECONDS] what is left by then, into $remains
#   count_left MODE WHAT       says so, and counts it
#   print_table                of $trials, $hits and $left, by MODE:WHAT; fails
#                              if something was left, or something never hit

LEFT_DEADLINE_S=15
STEP_DEADLINE_S=20
# Without its slurmstepd, Slurm needs to be told to end a step.
CANCEL_AFTER_S=2
# A user of the campaign alone: bob.
RUN_AS=2002

declare -A trials=() hits=() left=()

# --- small tools -------------------------------------------------------------

pause_ms() {
	read -rt "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))" <> <(:) || true
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

as_user() { # CMD...
	setpriv --reuid="$RUN_AS" --regid="$RUN_AS" --init-groups -- "$@"
	return # a last command would be executed in place of the shell
}

# --- processes ---------------------------------------------------------------

# Leaves its $name and its $uid, which are empty when it is gone.
read_process() { # PID
	local key value
	name='' uid=''
	while read -r key value _; do
		case $key in
		Name:) name=$value ;;
		Uid:) uid=$value; return ;;
		esac
	done 2>/dev/null <"/proc/$1/status" || true
}

# slurmstepd also runs the epilog of SPANK plugins.  An epilog that fails, and one
# that is killed has failed, drains the node: Slurm's own doing, for any epilog.
is_epilog() { # PID
	local words
	[[ $name == slurmstepd ]] || return 1
	words=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") || return 0
	[[ $words == *" spank "* ]]
}

# Leaves them in $pids.  The user's processes but srun are tasks, once and before
# they have executed; setpriv becomes srun.
find_processes() { # ROLE
	local process name uid
	pids=()
	for process in /proc/[0-9]*; do
		read_process "${process#/proc/}"
		case $1:$name:$uid in
		*:setpriv:*) continue ;;
		server:spank-sif-serve:*) ;;
		keeper:spank-sif-keepe:*) ;;
		step:spank-sif-*) ;;
		slurmd:slurmd:0) ;;
		slurmstepd:slurmstepd:0 | step:slurmstepd:*) ;;
		srun:srun:*) ;;
		task:spank-sif-* | *:srun:*) continue ;;
		task:*:"$RUN_AS" | step:*:"$RUN_AS") ;;
		*) continue ;;
		esac
		! is_epilog "${process#/proc/}" || continue
		pids+=("${process#/proc/}")
	done
}

# Not a child of slurmd's that is about to be slurmstepd.
find_slurmd() {
	find_processes slurmd
	pids=("${pids[0]}")
}

# As tests/lib/cluster does.
start_slurmd() {
	setsid unshare --uts sh -c 'echo node1 >/proc/sys/kernel/hostname &&
		exec slurmd -D -N node1' </dev/null >/dev/null 2>&1 &
	disown
}

# --- what is left ------------------------------------------------------------

host() {
	cat /proc/1/mountinfo
	find /tmp /var/tmp /run /dev/shm -mindepth 1 -printf '%p %y %u\n' | sort
}

look_at_host() {
	HOST=$(host)
}

list_left() {
	local process pid name uid
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		read_process "$pid"
		[[ $name != spank-sif* && $uid != "$RUN_AS" ]] ||
			echo "process $pid $name"
		! grep -qs ' fuse.sif ' "$process/mountinfo" ||
			echo "mount in the namespace of $pid $name"
	done
	find /proc/[0-9]*/fd -lname /dev/fuse 2>/dev/null || true
	sinfo --noheader --Node --format='node %N %t' | grep -v ' idle$' || true
	diff <(echo "$HOST") <(host) | grep '^[<>]' || true
}

wait_until_clean() { # [SECONDS]
	local end=$((SECONDS + ${1:-$LEFT_DEADLINE_S}))
	while ((SECONDS < end)); do
		remains=$(list_left)
		[[ -n $remains ]] || break
		pause_ms 50
	done
}

# PID is the subshell that runs it.  Leaves what hung in $hung.
finish_step() { # PID
	local tries pids
	hung=
	for ((tries = 0; tries < STEP_DEADLINE_S * 20; tries++)); do
		kill -0 "$1" 2>/dev/null || break
		((tries != CANCEL_AFTER_S * 20)) ||
			scancel --user="$RUN_AS" 2>/dev/null || true
		pause_ms 50
	done
	# srun has a second process, which ends a moment after the first.
	for ((tries = 0; tries < 60; tries++)); do
		find_processes srun
		((${#pids[@]})) || break
		pause_ms 50
	done
	if ((${#pids[@]})); then
		hung="srun hung; "
		kill -KILL "${pids[@]}" || true
	fi
	wait "$1" || true
	scancel --user="$RUN_AS" 2>/dev/null || true
}

count_left() { # MODE WHAT
	[[ -n $hung$remains ]] || return 0
	left[$1:$2]=$((${left[$1:$2]-0} + 1))
	printf 'left in mode %s after %s: %s\n' "$1" "$2" "$hung$remains" >&2
}

print_table() {
	local key status=0
	printf '%-8s %-16s %7s %7s %7s\n' mode victim trials hits left
	for key in $(printf '%s\n' "${!trials[@]}" | sort); do
		printf '%-8s %-16s %7d %7d %7d\n' "${key%%:*}" "${key#*:}" \
			"${trials[$key]}" "${hits[$key]-0}" "${left[$key]-0}"
		((${hits[$key]-0} > 0 && ${left[$key]-0} == 0)) || status=1
	done
	return "$status"
}

# --- modes -------------------------------------------------------------------

set_mode() { # MODE [ARGUMENT]
	local arguments
	case $1 in
	private) arguments= ;;
	host) arguments=mount=host ;;
	userns) arguments=privilege=userns ;;
	*) echo "unknown mode '$1'" >&2; exit 2 ;;
	esac
	sed -i "s/spank_sif.so.*/spank_sif.so $arguments ${2-}/" \
		/etc/slurm/plugstack.conf
}
