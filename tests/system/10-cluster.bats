#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The throw-away cluster itself: what the other tests rely on.

load ../lib/common

setup_file() {
	export MACHINE_MOUNTS
	MACHINE_MOUNTS=$(machine_mounts)
	timed cluster_start --no-plugin
	export START_MS=$elapsed_ms
}

# A second cluster, for the tests that end one.
setup() {
	OTHER=$BATS_TEST_TMPDIR/other
}

teardown() {
	[[ ! -d $OTHER ]] || "$CLUSTER_TOOL" stop "$OTHER"
}

machine_mounts() {
	findmnt --raw --noheadings --output TARGET,SOURCE,FSTYPE,OPTIONS
}

pid_namespace() { # DIR
	readlink "/proc/$(<"$1/init.pid")/ns/pid"
}

no_process_in() { # PID-NAMESPACE
	local link
	for link in /proc/[0-9]*/ns/pid; do
		[[ $(readlink "$link") != "$1" ]] || return 1
	done
}

only_logs_in() { # DIR
	[[ $(ls -A "$1") == log ]]
}

# The pids of the supervisor and of its child that waits for the namespaces.
supervisor_of() { # DIR
	local line
	for line in /proc/[0-9]*/cmdline; do
		if tr '\0' ' ' 2>/dev/null <"$line" |
			grep -q -- "cluster supervise.*--dir=$1 "; then
			line=${line#/proc/}
			echo "${line%/cmdline}"
		fi
	done
}

@test "an assertion that does not hold fails its test" {
	local assertion
	status=0 output=text lines=(text)
	for assertion in "assert_status 1" assert_failure "assert_output other" \
		"assert_contains other" "refute_contains text" "assert_line other" \
		"assert_line text 2" "assert_equal 1 2"; do
		if $assertion 2>/dev/null; then
			echo "'$assertion' holds"
			return 1
		fi
	done
}

@test "a cluster is ready within 5 s" {
	echo "took $START_MS ms"
	((START_MS < 5000))
	nodes_are_idle
}

@test "a step runs two tasks on each of two nodes" {
	run as_alice srun -N2 --ntasks-per-node=2 hostname
	assert_status 0
	assert_line node1 2
	assert_line node2 2
}

@test "a step runs 32 tasks on one node" {
	run as_alice srun -N1 -n32 sh -c 'echo $SLURM_PROCID'
	assert_status 0
	assert_equal "${#lines[@]}" 32
}

@test "users have their groups, home and environment" {
	run as_alice sh -c 'id -un; id -u; id -Gn; pwd; echo $USER $HOME $LOGNAME'
	assert_output $'alice\n2001\nalice project gpu lab-1\n/home/alice\nalice /home/alice alice'
	run as_bob srun sh -c 'id -un; id -u; id -Gn; pwd'
	assert_output $'bob\n2002\nbob project\n/home/bob'
	run as_root id -u
	assert_output 0
}

@test "users cannot read each other's homes" {
	run as_bob ls /home/alice
	assert_failure
}

@test "exec passes on status, input and signals" {
	run as_alice srun sh -c 'exit 42'
	assert_status 42
	run as_alice sh -c 'kill -KILL $$'
	assert_status 137
	run as_alice srun cat <<<"from outside"
	assert_output "from outside"
}

@test "exec ended by timeout leaves no command behind" {
	run timeout 0.5 "$CLUSTER_TOOL" exec "$CLUSTER" -- sleep 4321
	assert_status 124
	wait_until 5 bash -c "! '$CLUSTER_TOOL' exec '$CLUSTER' --user=root -- \
		grep -lzx 4321 /proc/[0-9]*/cmdline"
}

@test "a terminal reaches srun --pty" {
	run script -qec "'$CLUSTER_TOOL' exec '$CLUSTER' -- srun --pty tty" /dev/null
	assert_status 0
	assert_contains /dev/pts/
}

@test "/shared is DIR/shared" {
	echo hello >"$SHARED/file"
	run as_alice srun -N2 cat /shared/file
	assert_line hello 2
	as_alice touch /shared/from-alice
	assert_equal "$(stat -c %u "$SHARED/from-alice")" 2001
}

@test "mounts are shared inside the cluster and invisible outside" {
	run as_root findmnt --noheadings --output PROPAGATION /
	assert_contains shared
	as_root mkdir /tmp/point
	as_root unshare --mount --propagation unchanged \
		mount -t tmpfs leak /tmp/point
	run as_root findmnt --noheadings --output SOURCE /tmp/point
	assert_output leak
	assert_equal "$(machine_mounts)" "$MACHINE_MOUNTS"
	as_root umount /tmp/point
	as_root rmdir /tmp/point
}

@test "what root writes inside does not reach the machine" {
	as_root touch /etc/spank-sif-was-here /usr/spank-sif-was-here \
		/root/spank-sif-was-here
	run ls /etc/spank-sif-was-here /usr/spank-sif-was-here \
		/root/spank-sif-was-here
	assert_status 2
	as_root rm /etc/spank-sif-was-here /usr/spank-sif-was-here \
		/root/spank-sif-was-here
}

@test "a step leaves the host unchanged, and a snapshot shows any change" {
	before=$(settled_snapshot)
	as_alice srun -N2 true
	assert_host_as_before "$before"
	as_alice touch /tmp/left
	run ! assert_host_as_before "$before" 1
	assert_contains "> /tmp/left f alice"
	as_alice rm /tmp/left
	as_root mkdir /run/left
	as_root mount -t tmpfs left /run/left
	run ! assert_host_as_before "$before" 1
	assert_contains "> /run/left left tmpfs"
	as_root umount /run/left
	as_root rmdir /run/left
	assert_host_as_before "$before"
}

@test "--conf replaces a default; --nodes and --install take effect" {
	mkdir -p "$BATS_TEST_TMPDIR/install/usr/libexec/spank-sif"
	touch "$BATS_TEST_TMPDIR/install/usr/libexec/spank-sif/installed"
	"$CLUSTER_TOOL" start --owner=$$ --no-plugin --nodes=3 --conf=KillWait=17 \
		--install="$BATS_TEST_TMPDIR/install" "$OTHER"
	run "$CLUSTER_TOOL" exec "$OTHER" -- sh -c \
		'srun -N3 hostname; grep -c KillWait /etc/slurm/slurm.conf
		scontrol show config | grep KillWait
		stat -c %U /usr/libexec/spank-sif/installed'
	assert_status 0
	assert_line node3
	assert_line 1
	assert_contains "17 sec"
	assert_line root
}

@test "two clusters are independent" {
	"$CLUSTER_TOOL" start --owner=$$ --no-plugin "$OTHER"
	run "$CLUSTER_TOOL" exec "$OTHER" -- srun -N2 hostname
	assert_status 0
	as_alice sbatch --wrap 'sleep 60' --output=/dev/null
	run "$CLUSTER_TOOL" exec "$OTHER" -- squeue --noheader
	assert_output ""
	as_alice scancel --user=alice
}

@test "a failed start reports why and leaves only the logs" {
	run "$CLUSTER_TOOL" start --owner=$$ --no-plugin --conf=Nonsense=1 "$OTHER"
	assert_failure
	assert_contains "Nonsense"
	only_logs_in "$OTHER"
}

@test "a start without an installed plugin reports it" {
	run "$CLUSTER_TOOL" start --owner=$$ "$OTHER"
	assert_failure
	assert_contains "no spank_sif.so"
}

@test "stop takes under 2 s with running jobs and leaves only the logs" {
	"$CLUSTER_TOOL" start --owner=$$ --no-plugin "$OTHER"
	namespace=$(pid_namespace "$OTHER")
	"$CLUSTER_TOOL" exec "$OTHER" -- sbatch --wrap 'srun -n4 sleep 60'
	"$CLUSTER_TOOL" exec "$OTHER" -- srun -n2 true
	timed "$CLUSTER_TOOL" stop "$OTHER"
	echo "took $elapsed_ms ms"
	((elapsed_ms < 2000))
	only_logs_in "$OTHER"
	no_process_in "$namespace"
	assert_equal "$(machine_mounts)" "$MACHINE_MOUNTS"
}

@test "start and stop leave a directory alone that is not a cluster's" {
	mkdir -p "$BATS_TEST_TMPDIR/home/shared" "$BATS_TEST_TMPDIR/home/mnt"
	run "$CLUSTER_TOOL" stop --rm "$BATS_TEST_TMPDIR/home"
	assert_failure
	run "$CLUSTER_TOOL" start --no-plugin "$BATS_TEST_TMPDIR/home"
	assert_failure
	assert_contains "is not empty"
	assert_equal "$(ls "$BATS_TEST_TMPDIR/home")" $'mnt\nshared'
}

@test "SIGKILL of the owner ends everything in under 2 s" {
	sleep 1000 3>&- &
	owner=$!
	"$CLUSTER_TOOL" start --owner="$owner" --no-plugin "$OTHER"
	namespace=$(pid_namespace "$OTHER")
	"$CLUSTER_TOOL" exec "$OTHER" -- sbatch --wrap 'srun -n4 sleep 60'
	kill -KILL "$owner"
	wait_until 2 only_logs_in "$OTHER"
	no_process_in "$namespace"
	assert_equal "$(machine_mounts)" "$MACHINE_MOUNTS"
}

@test "removing its directory ends a cluster" {
	"$CLUSTER_TOOL" start --owner=none --no-plugin "$OTHER"
	namespace=$(pid_namespace "$OTHER")
	rm -rf "$OTHER"
	wait_until 2 no_process_in "$namespace"
	[[ ! -e $OTHER ]]
}

@test "SIGKILL of the supervisor ends everything in under 2 s" {
	"$CLUSTER_TOOL" start --owner=$$ --no-plugin "$OTHER"
	namespace=$(pid_namespace "$OTHER")
	kill -KILL $(supervisor_of "$OTHER")
	wait_until 2 no_process_in "$namespace"
	"$CLUSTER_TOOL" stop "$OTHER"
	only_logs_in "$OTHER"
}

@test "run returns the command's status; SIGKILL at any time leaves nothing" {
	export TMPDIR=$BATS_TEST_TMPDIR
	run "$CLUSTER_TOOL" run --no-plugin -- sh -c 'exit 7'
	assert_status 7
	for delay in 0.05 0.2 1.5; do
		run timeout --signal=KILL "$delay" \
			"$CLUSTER_TOOL" run --no-plugin -- sleep 1000
		# GNU's timeout says 137, that of uutils 124.
		[[ $status == @(137|124) ]]
	done
	wait_until 2 bash -c '! compgen -G "$TMPDIR/cluster.*" >/dev/null'
	run pgrep -f "cluster boot .*--dir=$TMPDIR"
	assert_failure
}

# --- cgroups -----------------------------------------------------------------

# Groups of other clusters on this machine have members, except for a moment at their
# start and end.
no_groups_left() {
	local group
	while IFS= read -r group; do
		find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null |
			grep -q . || return 1
	done < <(find /sys/fs/cgroup -name "cluster.*")
}

@test "a cluster with cgroups leaves the machine's groups unchanged" {
	wait_until 30 no_groups_left
	for version in v1 v2; do
		has_slurm_cgroup "$version" || continue
		run "$CLUSTER_TOOL" run --nodes=1 --no-plugin --cgroup=$version \
			--conf=ProctrackType=proctrack/cgroup \
			--cgroup-conf=IgnoreSystemd=yes -- \
			srun grep slurm /proc/self/cgroup
		assert_status 0
		assert_contains /step_0
	done
	wait_until 30 no_groups_left
}
