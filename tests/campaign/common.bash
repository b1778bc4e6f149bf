# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the campaigns share.  They source it as root on a throw-away cluster of one
# node, node1, with --fuse-mode=0666.  In the order of a trial:
#
#   make_user, make_cgroup     once
#   set_mode MODE [ARGUMENT]   the arguments of the plugin, or apptainer without it
#   run_step SECONDS TASKS IMAGE CMD...   by srun, as the campaign's user
#   look_at_host               what is there before; after a step of that mode
#   find_processes ROLE        of the step that runs, into $pids
#   start_slurmd               anew, when it was killed
#   finish_step PID            ends what srun has not ended by itself
#   wait_until_clean [SECONDS] what is left by then, into $remains
#   run_next_step              adds to $remains if it is not right
#   count_left MODE WHAT       says so, counts it, and ends the processes left
#   print_table                of $trials, $hits and $left, by MODE:WHAT; fails
#                              if something was left, or something never hit
#
# What they look for: processes of the plugin or of the user, FUSE file systems in
# any mount namespace, descriptors of /dev/fuse, the user's FUSE connections (a
# superblock that no process shows), a node that is not idle, and what the host did
# not have, or has no more: mounts, cgroups, files and directories of /tmp,
# /var/tmp, /run and /dev/shm, semaphores, queues and memory of System V.

LEFT_DEADLINE_S=15
STEP_DEADLINE_S=20
# Without its slurmstepd, Slurm needs to be told to end a step.
CANCEL_AFTER_S=2

declare -A trials=() hits=() left=()

# --- small tools -------------------------------------------------------------

# A pause without a process: reads from a pipe that nobody writes to.
exec {never_fd}<> <(:)
pause_ms() {
	local seconds
	printf -v seconds '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
	read -rt "$seconds" -u "$never_fd" || true
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# A user of this campaign alone: /sys/fs/fuse/connections is the whole machine's,
# where other clusters may be at work, and tells the user's id.
make_user() {
	RUN_AS=$((100000 + SRANDOM % 900000))
	echo "campaign:x:$RUN_AS:$RUN_AS::/home/campaign:/bin/sh" >>/etc/passwd
	echo "campaign:x:$RUN_AS:" >>/etc/group
	install -d -m 0700 -o "$RUN_AS" -g "$RUN_AS" /home/campaign
}

as_user() { # CMD...
	setpriv --reuid="$RUN_AS" --regid="$RUN_AS" --init-groups -- "$@"
	return # a last command would be executed in place of the shell
}

# --- processes ---------------------------------------------------------------

# Leaves its $name, $uid and $parent, which are empty when it is gone.
read_process() { # PID
	local key value
	name='' uid='' parent=''
	while read -r key value _; do
		case $key in
		Name:) name=$value ;;
		PPid:) parent=$value ;;
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

is_child_of_slurmstepd() { # PID
	local name uid parent
	read_process "$1"
	read_process "${parent:-0}"
	[[ $name == slurmstepd ]]
}

# Leaves them in $pids.  The user's processes but srun are tasks, once and before
# they have executed; setpriv and timeout are on srun's side.  A launcher is what slurmstepd has
# started as the task: of Apptainer's processes not those that it starts itself.
find_processes() { # ROLE
	local process name uid parent
	pids=()
	for process in /proc/[0-9]*; do
		read_process "${process#/proc/}"
		case $1:$name:$uid in
		*:setpriv:* | *:timeout:*) continue ;;
		server:spank-sif-serve:*) ;;
		keeper:spank-sif-keepe:*) ;;
		step:spank-sif-* | task:spank-sif-task:* | any:spank-sif-task:*) ;;
		launcher:spank-sif-task:*)
			is_child_of_slurmstepd "${process#/proc/}" || continue
			;;
		slurmd:slurmd:0) ;;
		slurmstepd:slurmstepd:0 | step:slurmstepd:*) ;;
		srun:srun:*) ;;
		server:squashfuse*:"$RUN_AS") ;;
		*:spank-sif-* | *:srun:*) continue ;;
		launcher:*:"$RUN_AS")
			is_child_of_slurmstepd "${process#/proc/}" || continue
			;;
		task:*:"$RUN_AS" | step:*:"$RUN_AS" | any:*:"$RUN_AS") ;;
		*) continue ;;
		esac
		! is_epilog "${process#/proc/}" || continue
		pids+=("${process#/proc/}")
	done
}

# Not a child of slurmd's that is about to be slurmstepd.
find_slurmd() {
	pids=("$(</run/slurmd-node1.pid)")
}

# As tests/lib/cluster does.
start_slurmd() {
	(
		enter_cgroup "$BASHPID"
		exec setsid unshare --uts sh -c \
			'echo node1 >/proc/sys/kernel/hostname && exec slurmd -D -N node1'
	) </dev/null >/dev/null 2>&1 &
	disown
}

# --- cgroups -----------------------------------------------------------------

# Slurm uses none on this cluster.  slurmd and with it all steps, but not srun, are
# in one, so that steps can be killed by one system call.  $CGROUP is empty where
# this machine has no cgroup v2.
make_cgroup() {
	local own
	CGROUP=
	mountpoint --quiet /sys/fs/cgroup ||
		mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null || return 0
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	CGROUP=/sys/fs/cgroup${own%/}/campaign.$RUN_AS
	mkdir "$CGROUP"
	trap remove_cgroup EXIT
	find_slurmd
	enter_cgroup "${pids[0]}"
}

enter_cgroup() { # PID
	[[ -z $CGROUP ]] || echo "$1" >"$CGROUP/cgroup.procs"
}

leave_cgroup() { # PID
	echo "$1" >"${CGROUP%/*}/cgroup.procs"
}

remove_cgroup() {
	local pid
	while read -r pid; do
		leave_cgroup "$pid"
	done <"$CGROUP/cgroup.procs"
	find "$CGROUP" -depth -type d -exec rmdir {} +
}

# --- what is left ------------------------------------------------------------

host() {
	cat /proc/1/mountinfo /proc/sysvipc/*
	find /tmp /var/tmp /run /dev/shm -mindepth 1 -printf '%p %y %u\n' | sort
	[[ -z $CGROUP ]] || find "$CGROUP" -type d | sort
}

look_at_host() {
	HOST=$(host)
}

# Into $remains, without a process of its own: a trial asks often.
find_left_processes() {
	local process pid name uid parent
	remains=
	for process in /proc/[0-9]*; do
		pid=${process#/proc/}
		read_process "$pid"
		[[ $name != spank-sif* && $uid != "$RUN_AS" ]] ||
			remains+="process $pid $name"$'\n'
	done
}

# plnd: idle, and planned by the backfill scheduler for a job that was pending.
list_busy_node() {
	{ sinfo --noheader --Node --format='node %N %t' 2>&1 ||
		echo "sinfo failed"; } | grep -vE ' (idle|plnd)$'
}

list_left() {
	local remains
	find_left_processes
	printf '%s' "$remains"
	grep -ls ' - fuse[. ]' /proc/[0-9]*/mountinfo | sed 's/^/mount in /'
	find /proc/[0-9]*/fd -lname /dev/fuse -printf 'descriptor %p\n' 2>/dev/null
	find /sys/fs/fuse/connections -ignore_readdir_race -mindepth 1 \
		-maxdepth 1 -uid "$RUN_AS" \
		-printf 'FUSE connection %f\n'
	list_busy_node
	diff <(echo "$HOST") <(host) | grep '^[<>]'
	return 0
}

# While there are processes, nothing else needs to be looked at.
wait_until_clean() { # [SECONDS]
	local end=$((SECONDS + ${1:-$LEFT_DEADLINE_S}))
	while ((SECONDS < end)); do
		find_left_processes
		[[ -n $remains ]] || remains=$(list_busy_node) ||
			remains=$(list_left)
		[[ -n $remains ]] || return 0
		pause_ms 50
	done
	remains=$(list_left)
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

# What it leaves is found after the next trial.
run_next_step() { # IMAGE
	local said
	said=$(run_step "$STEP_DEADLINE_S" 1 "$1" \
		cat /etc/os-release 2>&1 </dev/null) || true
	[[ $said == *'ID=demonstration'* ]] ||
		remains+="${remains:+$'\n'}next step: $said"
}

count_left() { # MODE WHAT
	local pids
	[[ -n $hung$remains ]] || return 0
	left[$1:$2]=$((${left[$1:$2]-0} + 1))
	printf 'left in mode %s after %s, trial %d: %s\n' "$1" "$2" \
		"${trials[$1:$2]}" "$hung$remains" >&2
	find_processes any
	((${#pids[@]} == 0)) || kill -KILL "${pids[@]}" 2>/dev/null || true
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

# In mode apptainer steps run without the plugin, as its users would without it.
set_mode() { # MODE [ARGUMENT]
	local arguments=
	MODE=$1
	case $1 in
	private | apptainer) ;;
	host) arguments=mount=host ;;
	userns) arguments=privilege=userns ;;
	*) echo "unknown mode '$1'" >&2; exit 2 ;;
	esac
	sed -i "s/spank_sif.so.*/spank_sif.so $arguments ${2-}/" \
		/etc/slurm/plugstack.conf
}

run_step() { # SECONDS TASKS IMAGE CMD...
	local image=(--sif-image="$3")
	[[ $MODE != apptainer ]] || image=(apptainer --silent exec "$3")
	as_user timeout "$1" srun --quiet --nodes=1 --ntasks="$2" --chdir=/tmp \
		"${image[@]}" "${@:4}"
}
