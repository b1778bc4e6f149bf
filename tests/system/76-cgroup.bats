#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# proctrack/cgroup and task/cgroup, with both versions: the server is in the first
# task's cgroups, where Slurm kills it and where its use is charged.
#
# Version 2 has no controllers on a machine where version 1 has them all; the files of
# the groups themselves (members, cgroup.kill, cpu.stat) need none.

load ../lib/common
load ../lib/assert

MODES=('' mount=host privilege=userns)

# A cluster for each version; a test first chooses one.
setup_file() {
	has_plugin || return 0
	image_tree "$BATS_FILE_TMPDIR/tree" "${IMAGE_PROGRAMS[@]}" dd
	head -c 20000000 /dev/urandom | base64 >"$BATS_FILE_TMPDIR/tree/usr/big"
	image_sif "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/good.sif" -comp gzip
	compile -O2 -D_GNU_SOURCE -o "$BATS_FILE_TMPDIR/seize" \
		"$BATS_TEST_DIRNAME/seize.c"
	start_cluster v1 --cgroup-conf=ConstrainRAMSpace=yes \
		--conf=JobAcctGatherType=jobacct_gather/cgroup
	start_cluster v2 --cgroup-conf=IgnoreSystemd=yes
}

# Debian's kernels from 6.12 on have no memory controller of version 1.
machine_has_cgroup() { # VERSION
	case $1 in
	v1) findmnt --types cgroup --options memory >/dev/null ;;
	v2) has_slurm_cgroup v2 && findmnt --types cgroup2 >/dev/null ;;
	esac
}

start_cluster() { # VERSION [OPTION...]
	local version=$1
	machine_has_cgroup "$version" || return 0
	shift
	mkdir "$BATS_FILE_TMPDIR/$version"
	BATS_FILE_TMPDIR=$BATS_FILE_TMPDIR/$version cluster_start --nodes=1 \
		--fuse-mode=0666 --cgroup="$version" \
		--conf=ProctrackType=proctrack/cgroup --conf=TaskPlugin=task/cgroup \
		--conf=SelectTypeParameters=CR_CPU_Memory "$@"
	cp "$BATS_FILE_TMPDIR"/{good.sif,seize} "$SHARED"
	as_alice srun true
}

use_cgroup() { # VERSION
	machine_has_cgroup "$1" ||
		skip "this machine or its Slurm has no cgroup $1, or not all of it"
	CLUSTER=$BATS_FILE_TMPDIR/$1/cluster
	SHARED=$CLUSTER/shared
	before=$(settled_snapshot)
}

teardown() {
	[[ -n ${CLUSTER-} ]] || return 0
	stop_steps
	rm -f "$SHARED"/{pids,saved,caught}
}

teardown_file() {
	local CLUSTER
	for CLUSTER in "$BATS_FILE_TMPDIR"/v[12]/cluster; do
		[[ ! -e $CLUSTER ]] || cluster_stop
	done
}

# Two tasks that report their start, read the whole image, and wait.
start_step_of_two() {
	rm -f "$SHARED/pids"
	start_step -n2 --mem=400 --chdir=/shared --sif-image=/shared/good.sif \
		bash -c 'cat /usr/big >/dev/null; echo $$ >>pids
			while :; do read -rt 1 <> <(:); done'
	wait_for_lines "$SHARED/pids" 2
	wait_until 10 guard_pids >/dev/null
}

# The path of a group in the mounted hierarchy of CONTROLLER.
cgroup_of() { # PID [CONTROLLER]
	as_root sed -n "s/^[0-9]*:${2-}:\(.*slurm\)/\1/p" "/proc/$1/cgroup"
}

assert_no_kill_failed() {
	! grep -H "Kill task failed" "$CLUSTER"/log/*.log
}

assert_nothing_left() {
	wait_until 20 no_jobs
	assert_host_as_before "$before" 10
	nodes_become_idle 20
	assert_no_kill_failed
}

# Ends a step in each way and in each mode.
check_ends() { # KILL-COMMAND
	local mode
	for mode in "${MODES[@]}"; do
		set_plugin_args "$mode"
		run in_image good -n2 cat /proc/self/comm
		assert_status 0
		assert_line cat 2
		assert_nothing_left
		start_step_of_two
		as_alice scancel --user=alice
		wait_step
		assert_nothing_left
		start_step_of_two
		as_root kill -KILL $(<"$SHARED/pids")
		wait_step
		assert_nothing_left
		start_step_of_two
		"$1"
		wait_step
		assert_nothing_left
	done
	set_plugin_args ''
}

# --- version 1 ---------------------------------------------------------------

@test "v1: server and guard are in the first task's cgroups and charged there" {
	use_cgroup v1
	start_step_of_two
	local group pid task controller rss=0
	# Both tasks have read the image, so either may be the first; each has its
	# own group in the hierarchies for accounting.
	for controller in freezer memory cpuacct; do
		group=$(cgroup_of "$(guard_pids)" "$controller")
		assert_equal "$(cgroup_of "$(server_pids)" "$controller")" "$group"
		[[ $group == /slurm*/job_*/step_0* ]]
		task=
		for pid in $(<"$SHARED/pids"); do
			[[ $(cgroup_of "$pid" "$controller") != "$group" ]] || task=$pid
		done
		[[ -n $task ]]
	done
	# The server's pages, except at most 8 MiB that it read before there was a
	# task, and its CPU time.
	rss=$(as_root awk '/RssAnon/ { print $2 * 1024 }' "/proc/$(server_pids)/status")
	((rss > 20000000))
	group=$(cgroup_of "$(guard_pids)" memory)
	(($(as_root awk '/^total_rss / { print $2 }' \
		"/sys/fs/cgroup/memory$group/memory.stat") >= rss - 8388608))
	group=$(cgroup_of "$(guard_pids)" cpuacct)
	(($(as_root cat "/sys/fs/cgroup/cpuacct$group/cpuacct.usage") / 10000000 >= $(
		as_root awk '{ print $14 + $15 }' "/proc/$(server_pids)/stat")))
}

kill_freezer() {
	local group
	group=/sys/fs/cgroup/freezer$(cgroup_of "$(guard_pids)" freezer)
	as_root sh -c "kill -KILL \$(cat $group/cgroup.procs)" || true
}

@test "v1: no way to end a step leaves anything" {
	use_cgroup v1
	check_ends kill_freezer
}

@test "v1: a step that is out of memory leaves nothing" {
	use_cgroup v1
	local mode
	for mode in "${MODES[@]}"; do
		set_plugin_args "$mode"
		run in_image good -n2 --mem=60 bash -c '
			cat /usr/big >/dev/null; x=x; while :; do x+=$x; done'
		assert_failure
		assert_matches "[Oo]ut.[Oo]f.[Mm]emory|oom-kill|Killed"
		assert_nothing_left
		run in_image good cat /proc/self/comm
		assert_output cat
	done
	set_plugin_args ''
}

# The image server's cache is full, too, and it and slurmstepd are charged to the same
# limit.
@test "v1: a step's files in memory reach their limit before the step's memory does" {
	use_cgroup v1
	local mode
	for mode in "${MODES[@]}"; do
		set_plugin_args "$mode"
		run in_image good --mem=100 --sif-writable-tmpfs --sif-tmp=private \
			--sif-home=private bash -c '
			cat /usr/big >/dev/null
			for file in /tmp/big /var/tmp/big /opt/big ~/big; do
				dd if=/dev/zero of=$file bs=1M count=300
			done
			rm /opt/big /tmp/big && echo going on >/tmp/small && cat /tmp/small'
		assert_status 0
		assert_line "going on"
		(($(grep -c "No space left on device" <<<"$output") >= 4))
		assert_nothing_left
	done
	set_plugin_args ''
	# Empty files are limited, too; each takes a kilobyte.
	run in_image good --mem=100 --sif-writable-tmpfs bash -c '
		i=0; while true >/opt/$i; do ((++i)); done; ((i < 6000))'
	assert_status 0
	assert_contains "No space left on device"
}

@test "v1: a size larger than the step's memory is not used" {
	use_cgroup v1
	local size
	for size in 1g 90m 100%; do
		run in_image good --mem=100 --sif-writable-tmpfs=yes,$size \
			df --output=size -BM /
		assert_status 0
		assert_contains "--sif-writable-tmpfs has 22 MiB here, not $size: the step may use 100 MiB of memory on this node"
		assert_matches " 22M"
	done
	run in_image good --mem=100 --sif-writable-tmpfs=yes,20% df --output=size -BM /
	assert_matches " 20M"
	refute_contains "has 22 MiB"
	run in_image good --mem=1000 --sif-writable-tmpfs=yes,500m \
		--sif-tmp=private df --output=size -BM / /tmp
	assert_matches " 500M.* 222M"
	refute_contains "--mem"
}

# --- version 2 ---------------------------------------------------------------

@test "v2: server and guard are in the first task's cgroup and charged there" {
	use_cgroup v2
	start_step_of_two
	local group pid task=
	group=$(cgroup_of "$(guard_pids)")
	assert_equal "$(cgroup_of "$(server_pids)")" "$group"
	[[ $group == */step_0/user/task_* ]]
	for pid in $(<"$SHARED/pids"); do
		[[ $(cgroup_of "$pid") != "$group" ]] || task=$pid
	done
	[[ -n $task ]]
	(($(as_root awk '/^usage_usec/ { print $2 }' \
		"/sys/fs/cgroup$group/cpu.stat") / 10000 >= $(
		as_root awk '{ print $14 + $15 }' "/proc/$(server_pids)/stat")))
}

# The second member is slurmstepd's group.
kill_tasks_cgroup() {
	local group
	group=$(cgroup_of "$(guard_pids)")
	as_root sh -c "echo 1 >/sys/fs/cgroup${group%/task_*}/cgroup.kill"
}

@test "v2: no way to end a step leaves anything" {
	use_cgroup v2
	check_ends kill_tasks_cgroup
}

@test "v2: cgroup.kill of the whole step, slurmstepd included, leaves nothing" {
	use_cgroup v2
	local group
	start_step_of_two
	group=$(cgroup_of "$(guard_pids)")
	as_root sh -c "echo 1 >/sys/fs/cgroup${group%/user/*}/cgroup.kill"
	wait_until 5 no_servers
	as_alice scancel --user=alice
	wait_step 60
	# Slurm does not remove the groups of a killed slurmstepd.
	as_root rmdir "/sys/fs/cgroup$group" "/sys/fs/cgroup${group%/*}" \
		"/sys/fs/cgroup${group%/user/*}"/{slurm,} \
		"/sys/fs/cgroup${group%/step_*}" 2>/dev/null || true
	assert_nothing_left
}

# --- tracing -----------------------------------------------------------------

# A user loops over the newest pids to trace what slurmstepd starts with their uid
# while it is still in slurmstepd's groups.  They can trace programs that they can
# read, such as the command.
check_tracing() {
	local mode
	for mode in "${MODES[@]}"; do
		set_plugin_args "$mode"
		run as_alice bash -c '
			/shared/seize >/shared/caught & seize=$!
			for i in {1..6}; do
				srun --sif-image=/shared/good.sif \
					bash -c "read -rt 0.1 <> <(:) || true"
			done
			kill "$seize"
			sort -u /shared/caught'
		assert_status 0
		assert_contains /bin/bash
		refute_contains spank-sif-server
		refute_contains spank-sif-guard
		refute_contains spank-sif-keeper
		assert_nothing_left
	done
	set_plugin_args ''
}

@test "v1: users cannot trace what slurmstepd starts for them" {
	use_cgroup v1
	check_tracing
}

@test "v2: users cannot trace what slurmstepd starts for them" {
	use_cgroup v2
	check_tracing
}

# --- signals -----------------------------------------------------------------

# How scancel or a time limit ends a step: TERM, then KillWait to save the work.
check_signals() {
	local number
	start_step -n2 --mem=200 --chdir=/shared --sif-image=/shared/good.sif \
		bash -c 'trap "" INT USR1 USR2 HUP
		trap "sleep 1; wc -c </usr/big >>saved; exit 0" TERM
		echo $$ >>pids; while :; do read -rt 0.1 <> <(:); done'
	wait_for_lines "$SHARED/pids" 2
	server=$(server_pids)
	for number in INT USR1 USR2 HUP; do
		as_alice scancel --signal=$number --user=alice
	done
	assert_equal "$(server_pids)" "$server"
	as_alice scancel --user=alice
	wait_step
	assert_equal "$(sort -u "$SHARED/saved")" "$(stat -c %s "$BATS_FILE_TMPDIR/tree/usr/big")"
	refute_contains "image server"
	assert_nothing_left
}

@test "v2: signals from scancel do not end the server while tasks save their work" {
	use_cgroup v2
	check_signals
}

@test "v1: signals from scancel do not end the server while tasks save their work" {
	use_cgroup v1
	check_signals
}
