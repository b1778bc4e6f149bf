# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the campaigns share.  They source it as root on a throw-away cluster of one
# node, node1, with --fuse-mode=0666.  In the order of a trial:
#
#   make_user, make_cgroup     once
#   set_mode MODE [ARGUMENT]   sets the plugin's arguments; apptainer: no plugin
#   run_step SECONDS TASKS IMAGE CMD...   runs srun as the campaign's user
#   wait_until_idle            waits for the end of a step and its epilog
#   look_at_host               records the host's state, after a step of that mode
#   find_processes ROLE        sets $pids to processes of the running step
#   start_slurmd               restarts it after a kill
#   finish_step PID            waits for srun, or ends what hangs
#   wait_until_clean [SECONDS] sets $remains to what is left after that time
#   run_next_step              adds to $remains if the step is not right
#   count_left MODE WHAT       reports and counts $remains, and kills processes left
#   print_table                prints $trials, $hits and $left by MODE:WHAT; fails if
#                              anything was left, or never hit
#
# They look for processes of the plugin or of the user, FUSE file systems in any mount
# namespace, descriptors of /dev/fuse, the user's FUSE connections (a superblock that no
# process shows), a node that is not idle, and changes on the host: mounts, cgroups,
# files and directories in /tmp, /var/tmp, /run and /dev/shm, and System V semaphores,
# queues and memory.

LEFT_DEADLINE_S=15
STEP_DEADLINE_S=20
# Without slurmstepd, Slurm ends a step only on request.
CANCEL_AFTER_S=2

declare -A trials=() hits=() left=()

# --- small tools -------------------------------------------------------------

# A pause that starts no process: a read from a pipe without a writer.
exec {never_fd}<> <(:)
pause_ms() {
	local seconds
	printf -v seconds '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
	read -rt "$seconds" -u "$never_fd" || true
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# Makes a user only for this campaign: /sys/fs/fuse/connections shows the whole machine,
# with other clusters, and identifies a connection by the uid.
make_user() {
	RUN_AS=$((100000 + SRANDOM % 900000))
	echo "campaign:x:$RUN_AS:$RUN_AS::/home/campaign:/bin/sh" >>/etc/passwd
	echo "campaign:x:$RUN_AS:" >>/etc/group
	install -d -m 0700 -o "$RUN_AS" -g "$RUN_AS" /home/campaign
}

as_user() { # CMD...
	setpriv --reuid="$RUN_AS" --regid="$RUN_AS" --init-groups -- "$@"
	return # bash would exec a last command in place of the shell
}

# --- processes ---------------------------------------------------------------

# Sets $name, $uid and $parent of a process, to "" if it has ended.
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

# slurmstepd also runs the epilog of SPANK plugins.  Slurm drains the node if an epilog
# fails, and one that is killed has failed.
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

# Sets $pids.  The user's processes are tasks, before and after their execve, except
# srun, and setpriv and timeout, which run it.  A launcher is a process that slurmstepd
# has started as a task; Apptainer's own children are not.
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

# By its pid file, since a child of slurmd has the same name until it executes
# slurmstepd.
find_slurmd() {
	pids=("$(</run/slurmd-node1.pid)")
}

# As in tests/lib/cluster-daemons.bash.
start_slurmd() {
	(
		enter_cgroup "$BASHPID"
		exec setsid unshare --uts sh -c \
			'echo node1 >/proc/sys/kernel/hostname && exec slurmd -D -N node1'
	) </dev/null >/dev/null 2>&1 &
	disown
}

# --- cgroups -----------------------------------------------------------------

# Slurm uses no cgroups on this cluster.  slurmd is in one, and so are all steps, but
# not srun: the steps can then be killed with one system call.  $CGROUP is empty if
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

# Sets $remains without starting a process, because a trial calls it often.
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

# Sets $remains.
is_busy() {
	find_left_processes
	[[ -n $remains ]] || remains=$(list_busy_node)
}

# Gives up after the usual time.
wait_until_idle() {
	local end=$((SECONDS + LEFT_DEADLINE_S)) remains
	while ((SECONDS < end)); do
		is_busy || return 0
		pause_ms 50
	done
}

# While processes are left, the rest is not checked.
wait_until_clean() { # [SECONDS]
	local end=$((SECONDS + ${1:-$LEFT_DEADLINE_S}))
	while ((SECONDS < end)); do
		is_busy || remains=$(list_left)
		[[ -n $remains ]] || return 0
		pause_ms 50
	done
	remains=$(list_left)
}

# PID is the subshell that runs the step.  Sets $hung to what hung.
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

# What this step leaves is found after the next trial.
run_next_step() { # IMAGE
	local reply
	reply=$(run_step "$STEP_DEADLINE_S" 1 "$1" \
		cat /etc/os-release 2>&1 </dev/null) || true
	[[ $reply == *'ID=demonstration'* ]] ||
		remains+="${remains:+$'\n'}next step: $reply"
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

# In mode apptainer steps do not use the plugin.
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
