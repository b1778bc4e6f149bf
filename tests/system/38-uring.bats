#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Steps whose image is served over io_uring: the files are right, and the step ends
# when the server is killed.  The kernel's setting is on while a command runs.
# 20-server.bats tests the server without a step.
#
# shellcheck disable=SC2016,SC2046

# bats file_tags=machine

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	image_tree "$BATS_FILE_TMPDIR/tree" "${IMAGE_PROGRAMS[@]}" dd
	truncate -s 1G "$BATS_FILE_TMPDIR/tree/usr/big"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif"
	as_alice srun -N2 true # Slurm's own first files
}

setup() {
	need_plugin
	need_uring
	before=$(settled_snapshot)
}

teardown() {
	has_plugin || return 0
	stop_steps
	[[ -z ${SWITCHED_ON-} ]] || echo N >"$ENABLE_URING"
}

assert_nothing_left() { # [SECONDS]
	wait_until "${1:-15}" no_jobs
	nodes_become_idle 20
	assert_host_as_before "$before" 10
	wait_until 5 no_servers
}

SUMS='cd "$1" && find . -type f ! -name big -exec sha256sum {} + | sort'

@test "--sif-debug reports the rings, and all files are right" {
	sh -c "$SUMS" - "$BATS_FILE_TMPDIR/tree/usr" >"$BATS_TEST_TMPDIR/sums"
	run with_uring in_image good -N2 -n4 --sif-debug true
	assert_status 0
	assert_matches "node1: .* checked: .* rings=[0-9]+"
	run in_image good -N2 -n4 --sif-debug true
	refute_contains "rings="
	with_uring in_image good -n2 --label sh -c "$SUMS" - /usr \
		>"$BATS_TEST_TMPDIR/seen"
	for task in 0 1; do
		diff <(sed -n "s/^$task: //p" "$BATS_TEST_TMPDIR/seen") \
			"$BATS_TEST_TMPDIR/sums" >&2
	done
	assert_nothing_left
}

# With rings.  Nothing is read twice, because the kernel's cache outlives the server.
start_reading_step() {
	rm -f "$SHARED/pids"
	[[ $(<"$ENABLE_URING") == Y ]] || SWITCHED_ON=yes
	echo Y >"$ENABLE_URING"
	start_step --chdir=/shared --sif-image=/shared/good.sif -N1 -n4 bash -c '
		echo $$ >>pids
		for ((n = SLURM_PROCID;; n += SLURM_NTASKS)); do
			dd if=/usr/big bs=256K count=1 skip=$n status=none \
				>/dev/null || exit 1
			read -rt 0.02 <> <(:)
		done'
	wait_for_lines "$SHARED/pids" 4
	[[ -z ${SWITCHED_ON-} ]] || echo N >"$ENABLE_URING"
}

@test "SIGKILL of the server ends the step with a message and leaves nothing" {
	for _ in 1 2 3 4 5; do
		start_reading_step
		assert_equal "$(as_root sh -c 'pgrep -xc '"$GUARD_COMM")" 0
		as_root kill -KILL "$(server_pids)"
		wait_step
		assert_failure
		assert_contains "the image server was killed by signal 9"
	done
	assert_nothing_left
}

@test "SIGKILL of all processes of the step at once leaves nothing" {
	start_reading_step
	as_root kill -KILL $(server_pids) $(<"$SHARED/pids") \
		$(as_root pgrep -x slurmstepd)
	as_alice scancel --user=alice
	wait_step 60
	assert_nothing_left 60
}

server_is_replaced() {
	[[ $(server_pids) != "$killed" ]]
}

@test "with uring=no in plugstack.conf there are no rings, and the step survives" {
	as_root sed -i "/spank_sif.so/s/$/ uring=no/" /etc/slurm/plugstack.conf
	run with_uring in_image good --sif-debug true
	assert_status 0
	refute_contains "rings="
	start_reading_step
	killed=$(server_pids)
	as_root kill -KILL "$killed"
	wait_until 10 server_is_replaced
	as_root kill -KILL $(<"$SHARED/pids")
	wait_step
	as_root sed -i "s/ uring=no//" /etc/slurm/plugstack.conf
	assert_contains "was replaced, 1 time:"
	assert_nothing_left
}
