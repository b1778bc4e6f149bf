#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Attacks on what runs beside the image: by a server that has been taken over,
# by the image's own scripts, and by other processes of the node.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	image_add_relative_links "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/links.sif" -comp lz4
}

teardown() {
	has_plugin || return 0
	stop_steps
	as_root sh -c "! mountpoint --quiet $PLUGIN_SERVER || umount $PLUGIN_SERVER"
}

# As distributions have them.
image_add_relative_links() { # TREE
	rm -rf "$1/var/tmp"
	mkdir -p "$1/a/b/c"
	ln -s ../tmp "$1/var/tmp"
	ln -s ../../a/b/c "$1/a/b/link"
}

# In the place of the image server; speaks its protocol, as it likes.
use_server() { # <PROGRAM
	gcc -static -Os -D_GNU_SOURCE -I"$TESTS_LIB/../.." -x c -o "$SHARED/hostile" - \
		"$TESTS_LIB/../../common/message.c" "$TESTS_LIB/../../common/deadline.c"
	as_root sh -c "cp /shared/hostile /run/hostile && chmod 711 /run/hostile &&
		mount --bind /run/hostile $PLUGIN_SERVER"
}

@test "a server that shares an environment for ever fails the step, and that is all" {
	use_server <<-'END'
	#include <sys/mman.h>
	#include <unistd.h>
	#include "common/message.h"
	#include "common/server_start.h"

	int main(void)
	{
		struct message message;
		int task, shared = memfd_create("x", 0);

		if (message_receive(SERVER_CONTROL_FD, deadline_in_ms(10000),
			    &message, &task) != 1)
			return 1;
		for (;;)
			if (message_send(task, MESSAGE_SHARED, 0, shared) < 0)
				usleep(100);
	}
	END
	start_step --sif-image=/shared/good.sif true
	wait_step 20
	assert_status 1
	assert_contains "cannot hear the image server"
	refute_contains "Segmentation fault"
	nodes_become_idle
}

# Which a file of FUSE, or a device, could answer as it likes.
@test "what a server sends in place of a namespace is not asked what it is" {
	use_server <<-'END'
	#include <fcntl.h>
	#include <unistd.h>
	#include "common/message.h"
	#include "common/server_start.h"

	int main(void)
	{
		struct message message;
		int task, other = open("/dev/null", O_RDONLY);

		if (message_receive(SERVER_CONTROL_FD, deadline_in_ms(10000),
			    &message, &task) == 1)
			message_send(task, MESSAGE_ENTER, 0, other);
		return pause();
	}
	END
	as_root sh -c 'exec strace -f -qq -e trace=ioctl,setns -o /shared/trace \
		-p "$(pgrep -xf "slurmd -D -N node1")"' 3>&- &
	local tracer=$!
	wait_until 10 slurmd_is_traced
	start_step --sif-image=/shared/good.sif true
	wait_step 20
	as_root sh -c 'kill -INT $(pgrep -x strace)'
	wait "$tracer" || true
	assert_status 1
	assert_contains "what the image server has sent is no namespace"
	run grep -E 'NS_GET_USERNS|setns\(.*NEWNS' "$SHARED/trace"
	assert_output ""
	nodes_become_idle
}

slurmd_is_traced() {
	as_root sh -c 'grep -q "^TracerPid:.*[1-9]" \
		"/proc/$(pgrep -xf "slurmd -D -N node1")/status"'
}

@test "renames elsewhere on the node do not keep a step from starting" {
	as_bob bash -c 'mkdir -p /tmp/bob && cd /tmp/bob && touch a && perl -e "
		alarm 60; while (1) { rename q(a), q(b); rename q(b), q(a) }"' 3>&- &
	local i renaming=$!
	for _ in {1..20}; do
		run as_alice srun --sif-image=/shared/links.sif \
			--sif-bind=/shared:/a/b/link true
		assert_output ""
		assert_status 0
	done
	as_root pkill -u bob -x perl
	wait "$renaming" || true
}
