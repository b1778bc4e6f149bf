#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# proctrack/pgid does not track the server and the keeper, which have their own
# sessions: they end by themselves, or the plugin ends them.  proctrack/linuxproc spares
# processes named slurmstepd, such as a task before it executes its command.

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
	before=$(settled_snapshot)
	rm -f "$SHARED/pids"
}

start_reading_step() {
	start_step -n2 --chdir=/shared --sif-image=/shared/good.sif bash -c '
		echo $$ >>pids
		while cat /usr/bin/ls >/dev/null; do read -rt 0.05 <> <(:); done'
	wait_for_lines "$SHARED/pids" 2
}

@test "with pgid a normal end, scancel and SIGKILL of the tasks leave nothing" {
	for mode in '' mount=host privilege=userns; do
		set_plugin_args "$mode"
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

@test "TERM, INT and USR1 from scancel do not end the server or the keeper" {
	start_reading_step
	for number in TERM INT USR1; do
		as_root kill -s $number $(server_pids)
	done
	wait_until 5 as_root kill -0 $(server_pids)
	as_alice scancel --user=alice
	wait_step 20
	assert_host_as_before "$before" 20
}

# A task of alice that has begun to enter, known by its real uid and no_new_privs:
# slurmstepd itself has the user's effective uid at times.
find_entering_task() {
	local pid
	for pid in $(as_root sh -c 'for name in slurmstepd spank-sif-task; do
			pgrep --uid alice --exact $name; done'); do
		as_root grep -q "^NoNewPrivs:	1" "/proc/$pid/status" || continue
		task=$pid
		return 0
	done
	return 1
}

# The server never answers, like one that its user has stopped, so the task keeps its
# capabilities and /dev/fuse until it is killed.
@test "with linuxproc a task stopped while it enters is killed, the node not drained" {
	start_other "" --conf=ProctrackType=proctrack/linuxproc --fuse-mode=0666 \
		--conf=UnkillableStepTimeout=5
	local mode task before CLUSTER=$OTHER SHARED=$OTHER/shared
	compile -static -Os -x c -o "$SHARED/server" - <<<'#include <unistd.h>
		int main(void) { return pause(); }'
	as_root install -m 0711 /shared/server "$PLUGIN_SERVER"
	as_alice srun true
	before=$(settled_snapshot)
	for mode in '' mount=host privilege=userns; do
		set_plugin_args "$mode"
		start_step --sif-image=/shared/good.sif true
		wait_until 20 find_entering_task
		as_alice kill -STOP "$task"
		run as_root cat "/proc/$task/comm"
		assert_output spank-sif-task
		as_alice scancel --user=alice
		wait_step 30
		wait_until 10 no_jobs
		nodes_become_idle 5
		assert_host_as_before "$before"
	done
}
