#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# proctrack/pgid does not know of the server and the keeper, which have sessions
# of their own: they end by themselves, or by the plugin.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1 --plugin-args=mount=host --fuse-mode=0666 \
		--conf=ProctrackType=proctrack/pgid
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	as_alice srun true
}

setup() {
	need_plugin
	before=$(host_snapshot)
	rm -f "$SHARED/pids"
}

teardown() {
	has_plugin || return 0
	stop_steps
}

start_reading_step() {
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif bash -c '
		echo $$ >>pids
		while cat /usr/bin/ls >/dev/null; do read -rt 0.05 <> <(:); done'
	wait_for_lines "$SHARED/pids" 2
}

set_mode() { # ARGUMENT
	as_root sed -i "s/spank_sif.so.*/spank_sif.so $1/" \
		/etc/slurm/plugstack.conf
}

@test "with pgid a normal end, scancel and SIGKILL of the tasks leave nothing" {
	for mode in '' mount=host privilege=userns; do
		set_mode "$mode"
		run in_image good -n2 cat /etc/os-release
		assert_status 0
		assert_host_as_before "$before"
		rm -f "$SHARED/pids"
		start_reading_step
		as_alice scancel --user=alice
		wait_step 20
		wait_until 20 no_jobs
		assert_host_as_before "$before" 10
		rm -f "$SHARED/pids"
		start_reading_step
		as_root kill -KILL $(<"$SHARED/pids")
		wait_step 20
		wait_until 20 no_jobs
		assert_host_as_before "$before" 10
	done
	nodes_become_idle 20
}

@test "TERM, INT and USR1 of scancel do not end the server or the keeper" {
	start_reading_step
	for number in TERM INT USR1; do
		as_root kill -s $number $(server_pids)
	done
	wait_until 5 as_root kill -0 $(server_pids)
	as_alice scancel --user=alice
	wait_step 20
	assert_host_as_before "$before" 20
}
