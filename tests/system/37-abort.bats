#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# An image on a file system that hangs: the server cannot be killed, but the
# tasks that wait for it can.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	# shellcheck disable=SC2046
	gcc -D_GNU_SOURCE $(pkg-config --cflags fuse3) -o "$SHARED/hung-file" \
		"$BATS_TEST_DIRNAME/hung-file.c" $(pkg-config --libs fuse3)
	as_alice srun true
}

setup() {
	need_plugin
	before=$(host_snapshot)
}

teardown() {
	has_plugin || return 0
	as_root sh -c 'umount --lazy /hung; rmdir /hung' || true
	stop_steps
}

start_hung_file() {
	as_root sh -c 'mkdir /hung && setsid /shared/hung-file /shared/good.sif \
		/shared/trigger /hung </dev/null >/dev/null 2>&1 3>&- &'
	wait_until 5 as_root test -e /hung/image.sif
}

# In the kernel: for an answer, or for a page that another one has asked for.
tasks_wait() {
	local pid
	for pid in $(<"$SHARED/pids"); do
		as_root grep -qE 'request_wait|folio_wait' "/proc/$pid/stack" ||
			return 1
	done
}

tasks_are_gone() {
	! as_root kill -0 $(<"$SHARED/pids") 2>/dev/null
}

@test "scancel ends the tasks that wait for a server which cannot be killed" {
	start_hung_file
	start_step -n4 --chdir=/shared --sif-image=/hung/image.sif sh -c '
		echo $$ >>pids; until [ -e trigger ]; do sleep 0.1; done
		exec cat /usr/bin/* >/dev/null'
	wait_for_lines "$SHARED/pids" 4
	touch "$SHARED/trigger"
	wait_until 10 tasks_wait
	as_alice scancel --user=alice
	wait_until 15 tasks_are_gone
	# The file system comes to its end, and with it the server.
	as_root pkill -x hung-file
	wait_step 30
	rm "$SHARED"/{trigger,pids}
	assert_failure
	wait_until 5 no_servers
}
