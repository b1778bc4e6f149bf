#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Jobs that Slurm puts into namespaces of their own, and contain_spank, with which
# Slurm calls hooks in children of slurmstepd.  Each test runs on a cluster of each
# kind that this Slurm knows:
#
#   tmpfs     job_container/tmpfs, namespace/tmpfs from 25.11 on
#   contain   the same with SlurmdParameters=contain_spank, from 24.05 on
#   entire    the same with EntireStepInNS, from 24.11 on: slurmstepd is inside
#   linux     namespace/linux with a pid and a user namespace, from 25.11 on: slurmstepd
#             is inside

load ../lib/common
load ../lib/assert

KINDS=(tmpfs contain entire linux)

setup_file() {
	has_plugin || return 0
	image_tree "$BATS_FILE_TMPDIR/tree" "${IMAGE_PROGRAMS[@]}" dd
	echo "only in the image" >"$BATS_FILE_TMPDIR/tree/usr/mark"
	truncate -s 200M "$BATS_FILE_TMPDIR/tree/usr/big"
	image_sif "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/good.sif" -comp lz4
	local kind
	for kind in "${KINDS[@]}"; do
		[[ $(why_not "$kind") ]] || start_kind "$kind"
	done
}

teardown_file() {
	has_plugin || return 0
	local kind
	for kind in "${KINDS[@]}"; do
		"$CLUSTER_TOOL" stop "$BATS_FILE_TMPDIR/$kind" 2>/dev/null || true
	done
}

# --- clusters ------------------------------------------------------------------

# Prints why this Slurm has no cluster of that kind, or nothing.
why_not() { # KIND
	local since=2205
	case $1 in
	contain) since=2405 ;;
	entire) since=2411 ;;
	linux) since=2511 ;;
	esac
	if (($(slurm_release) < since)); then
		echo "$(slurmd -V) cannot do that: $1"
	elif [[ $1 == linux ]] && ! { has_slurm_plugin serializer_yaml &&
		has_slurm_plugin serializer_json; }; then
		echo "this Slurm was built without YAML or JSON"
	fi
}

# On one CPU: with two on Linux 6.18, Slurm's own bind of the job's namespace fails at
# random (EINVAL), with and without the plugin.
start_kind() { # KIND
	local directory=$BATS_FILE_TMPDIR/$1 install=$BATS_FILE_TMPDIR/$1.install
	local private_tmp parameters=config_overrides entire=false
	private_tmp=$(private_tmp_conf)
	[[ $1 == tmpfs ]] || parameters+=,contain_spank
	[[ $1 != entire ]] || entire=true
	[[ $1 != linux ]] || private_tmp=NamespaceType=namespace/linux
	cp -a "$SPANK_SIF_INSTALL" "$install"
	mkdir -p "$install/etc/slurm" "$install/var/containers"
	{
		printf '%s\n' AutoBasePath=true BasePath=/var/containers
		(($(slurm_release) < 2411)) || echo "EntireStepInNS=$entire"
	} >"$install/etc/slurm/job_container.conf"
	printf '%s\n' defaults: '  auto_base_path: true' \
		'  base_path: /var/containers' '  dirs: "/tmp,/dev/shm"' \
		'  clone_ns_flags: [CLONE_NEWPID, CLONE_NEWUSER]' >"$install/etc/slurm/namespace.yaml"
	taskset -c 0 "$CLUSTER_TOOL" start --owner=$$ --nodes=1 --fuse-mode=0666 \
		--install="$install" --plugin-args=mount=private,host \
		--conf=SlurmdParameters="$parameters" --conf="$private_tmp" \
		--conf=PrologFlags=Contain "$directory"
	cp --reflink=auto "$BATS_FILE_TMPDIR/good.sif" "$directory/shared/"
}

use_kind() { # KIND
	echo "kind: $1"
	CLUSTER=$BATS_FILE_TMPDIR/$1
	SHARED=$CLUSTER/shared
	rm -f "$SHARED"/{pids,go}
}

# Runs a function on each cluster.
on_each() { # FUNCTION [KIND...]
	local function=$1 kind reason ran=
	shift
	(($#)) || set -- "${KINDS[@]}"
	for kind; do
		reason=$(why_not "$kind")
		[[ -z $reason ]] || continue
		ran=yes
		use_kind "$kind"
		"$function"
	done
	[[ $ran ]] || skip "$reason"
}

nothing_is_left() {
	wait_until 20 no_jobs
	wait_until 10 no_servers
	nodes_become_idle
}

# --- the job's private /tmp ----------------------------------------------------

private_tmp() {
	run as_alice sh -c '
		echo host >/tmp/file
		echo "srun sh -c \"ls /tmp; echo job >/tmp/file\"
			srun --sif-image=/shared/good.sif sh -c \
				\"cat /tmp/file /usr/mark; echo inside >/tmp/file\"
			srun cat /tmp/file" >/shared/script
		salloc --quiet sh /shared/script
		cat /tmp/file'
	assert_status 0
	assert_output $'job\nonly in the image\ninside\nhost'
}

@test "the job's private /tmp is visible" {
	on_each private_tmp
}

image_in_tmp() {
	run as_alice salloc --quiet -n2 sh -c '
		srun -n1 cp /shared/good.sif /tmp/own.sif
		srun -n2 --sif-image=/tmp/own.sif cat /usr/mark
		srun -n1 ls /tmp'
	assert_status 0
	assert_output $'only in the image\nonly in the image\nown.sif'
	as_root test ! -e /tmp/own.sif
	nothing_is_left
}

# The control: the clusters are what they are called.
namespaces_differ() {
	local names=mnt
	[[ $CLUSTER != */linux ]] || names="mnt pid user"
	run as_alice srun --export=ALL,names="$names" sh -c '
		for n in $names; do readlink /proc/self/ns/$n; done'
	assert_status 0
	for name in $names; do
		refute_contains "$(as_root readlink "/proc/1/ns/$name")"
	done
	assert_equal "${#lines[@]}" "$(wc -w <<<"$names")"
}

@test "jobs have the namespaces that the tests are about" {
	on_each namespaces_differ
}

@test "an image can lie in the job's private /tmp" {
	on_each image_in_tmp
}

# --- ends ----------------------------------------------------------------------

# Starts two tasks that wait for /shared/go and then read what is in no cache.
start_waiting_step() {
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif bash -c '
		echo $$ >>pids
		until [ -e go ]; do read -rt 0.05 <> <(:); done
		dd if=/usr/big bs=1M count=1 skip=$((SLURM_PROCID + 100)) status=none | wc -c'
	wait_for_lines "$SHARED/pids" 2
}

server_is_replaced() {
	start_waiting_step
	kill_servers 2
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_line 1048576 2
	assert_equal "$(grep -c "the image server was killed or crashed, and was replaced, 2 times: the step went on" <<<"$output")" 1
	nothing_is_left
}

@test "the user is told that a server was replaced" {
	on_each server_is_replaced
}

guard_is_killed() {
	start_reading_step -n2
	wait_for_lines "$SHARED/pids" 2
	as_root pkill -KILL -x "$GUARD_COMM"
	wait_step
	assert_failure
	assert_equal "$(grep -c "the image server was killed by signal 9" <<<"$output")" 1
	nothing_is_left
}

@test "the user is told that the guard was killed" {
	on_each guard_is_killed
}

both_are_killed() {
	start_reading_step -n2
	wait_for_lines "$SHARED/pids" 2
	as_root pkill -KILL -x "$GUARD_COMM|$SERVER_COMM"
	wait_step
	assert_failure
	assert_equal "$(grep -c "the image server was killed by signal 9" <<<"$output")" 1
	nothing_is_left
}

@test "the user is told that guard and server were killed" {
	on_each both_are_killed
}

slurmstepd_is_killed() {
	start_reading_step -n2
	wait_for_lines "$SHARED/pids" 2
	# Not the extern step's, which holds the job's namespaces.
	as_root pkill -KILL -f '^slurmstepd: .*[0-9]\.0\]'
	as_root pkill -KILL -u alice -x 'bash|dd'
	# It would wait for KillWait.
	as_root pkill -KILL -u alice -x srun
	as_alice scancel --user=alice
	wait_step
	nothing_is_left
	run in_image good cat /usr/mark
	assert_output "only in the image"
}

@test "SIGKILL of slurmstepd leaves nothing" {
	on_each slurmstepd_is_killed
}

# --- the watchdog --------------------------------------------------------------

guard_is_stopped() {
	start_waiting_step
	as_alice pkill -STOP -x "$GUARD_COMM"
	as_alice pkill -KILL -x "$SERVER_COMM"
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_line 1048576 2
	assert_contains "was replaced, 1 time:"
	nothing_is_left
}

@test "a stopped guard is continued and replaces its server" {
	on_each guard_is_stopped
}

keeps_being_stopped() {
	start_reading_step -n2
	wait_for_lines "$SHARED/pids" 2
	begin_stopping "$SERVER_COMM|$GUARD_COMM"
	wait_step 10
	end_stopping
	assert_failure
	# By read(), or where dd was not yet in memory itself.
	assert_matches "error reading|Bus error"
	nothing_is_left
}

# Otherwise root's processes could wait for as long as the user likes.
@test "a server that is stopped again and again loses its connection" {
	on_each keeps_being_stopped
}

# --- mount=host ----------------------------------------------------------------

host_mount() {
	local seen
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif --sif-host-mount \
		bash -c 'echo $$ >>pids
			until [ -e go ]; do read -rt 0.05 <> <(:); done
			cat /usr/mark'
	wait_for_lines "$SHARED/pids" 2
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_output $'only in the image\nonly in the image'
	nothing_is_left
	wait_until 10 as_root test ! -e /run/spank-sif
}

@test "mount=host works" {
	on_each host_mount
}
