#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Attacks on what runs beside the image: by a compromised server, by the image's own
# scripts, and by other processes of the node.

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

# As in distributions.
image_add_relative_links() { # TREE
	rm -rf "$1/var/tmp"
	mkdir -p "$1/a/b/c"
	ln -s ../tmp "$1/var/tmp"
	ln -s ../../a/b/c "$1/a/b/link"
}

# Replaces the image server; it speaks the protocol but sends what it wants.
use_server() { # <PROGRAM
	compile -static -Os -D_GNU_SOURCE -I"$TESTS_LIB/../.." -x c -o "$SHARED/hostile" - \
		"$TESTS_LIB/../../common/message.c" "$TESTS_LIB/../../common/deadline.c"
	as_root sh -c "cp /shared/hostile /run/hostile && chmod 711 /run/hostile &&
		mount --bind /run/hostile $PLUGIN_SERVER"
}

@test "a server that sends an endless environment only fails the step" {
	use_server <<-'END'
	#include <sys/mman.h>
	#include <unistd.h>
	#include "common/message.h"
	#include "common/server_start.h"

	int main(void)
	{
		struct message message;
		int task, shared = memfd_create("x", 0);

		if (message_receive(SERVER_CONTROL_FD, deadline_in_ms(60000),
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
	assert_contains "cannot receive from the image server"
	refute_contains "Segmentation fault"
	nodes_become_idle
}

# A FUSE file or a device could give any answer.
@test "a descriptor sent in place of a namespace is not queried" {
	use_server <<-'END'
	#include <fcntl.h>
	#include <unistd.h>
	#include "common/message.h"
	#include "common/server_start.h"

	int main(void)
	{
		struct message message;
		int task, other = open("/dev/null", O_RDONLY);

		if (message_receive(SERVER_CONTROL_FD, deadline_in_ms(60000),
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
	assert_contains "the image server has sent something that is not a namespace"
	run grep -E 'NS_GET_USERNS|setns\(.*NEWNS' "$SHARED/trace"
	assert_output ""
	nodes_become_idle
}

# An image that compromises the server as soon as it is read.  What the server then
# starts is in slurmstepd's cgroups, and orphaned once its parent has ended.
@test "processes that a server has started end with the step" {
	local before
	as_root sh -c "rm -f /run/hostile; cp $PLUGIN_SERVER /run/real &&
		chmod 0711 /run/real"
	before=$(settled_snapshot)
	for ending in 0 'execv("/run/real", argv)' 'execv("/run/real", argv)'; do
		use_server <<-END
		#include <unistd.h>

		int main(int argc, char *argv[])
		{
			if (fork() == 0) {
				fork();
				return fork() == 0 ? pause() : 0;
			}
			return argc < 2 ? 1 : $ending;
		}
		END
		start_step --sif-image=/shared/good.sif true
		wait_step 60
		wait_until 20 no_jobs
		as_root umount --lazy "$PLUGIN_SERVER"
		as_root rm /run/hostile
		assert_host_as_before "$before" 10
	done
	grep -q "it had started processes already" "$CLUSTER"/log/node1.log
	as_root rm /run/real
	nodes_become_idle
}

@test "renames elsewhere on the node do not prevent a step from starting" {
	as_bob bash -c 'mkdir -p /tmp/bob && cd /tmp/bob && touch a && perl -e "
		alarm 600; while (1) { rename q(a), q(b); rename q(b), q(a) }"' 3>&- &
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

# Prints how many mounts it could make.
compile_mount_many() {
	compile -static -Os -x c -o "$SHARED/mount-many" - <<-'END'
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/mount.h>
	#include <sys/stat.h>

	int main(int argc, char *argv[])
	{
		int i, count = atoi(argv[3]);
		char path[64];

		mkdir(argv[2], 0755);
		for (i = 0; i < count; i++) {
			snprintf(path, sizeof(path), "%s/%d", argv[2], i);
			mkdir(path, 0755);
			if (strcmp(argv[1], "umount") == 0)
				umount2(path, MNT_DETACH);
			else if (mount("none", path, "tmpfs", 0, "size=4k") < 0)
				break;
		}
		printf("%d mounts\n", i);
		return i < count;
	}
	END
}

binds() { # SRC COUNT
	local i list=
	for ((i = 0; i < $2; i++)); do
		list+=,$1:/b/$i
	done
	echo "${list#,}"
}

# Each mount on the node propagates into the host's mounts in a container.  If one
# container has fs.mount-max (100,000) of them, the node cannot mount any more.
@test "the most binds that a user may have leave the node far from fs.mount-max" {
	compile_mount_many
	mkdir -m 0777 "$SHARED/sources"
	as_alice mkdir -p /shared/sources/deep
	for source in / /shared/sources; do
		start_step --sif-image=/shared/good.sif --sif-bind="$(binds "$source" 128)" \
			--chdir=/shared sh -c 'echo >>/shared/sources/up; exec sleep 1000'
		wait_for_lines "$SHARED/sources/up"
		run as_root /shared/mount-many mount /shared/sources/deep 900
		as_root /shared/mount-many umount /shared/sources/deep 900
		assert_output "900 mounts"
		stop_steps
		rm "$SHARED/sources/up"
	done
}

@test "thousands of binds, or binds with thousands of mounts, are refused" {
	local list
	compile_mount_many
	list=$(binds / 4096)
	run as_alice srun --sif-image=/shared/good.sif --sif-bind="$list" true
	assert_failure
	assert_contains "--sif-bind: a step can have 128 binds, and this one has 4096"
	refute_contains node1
	run as_alice srun -w node1 --sif-image=/shared/good.sif \
		--export="ALL,SLURM_SIF_BIND='$list'" true
	assert_failure
	assert_contains "error: spank_sif: --sif-bind: a step can have 128 binds, and this one has 4096"
	assert_contains "node1: task 0: Exited"
	as_root /shared/mount-many mount /run/many 1500
	run as_alice srun --sif-image=/shared/good.sif \
		--sif-bind="$(binds /run/many 2)" grep -c ' /b/' /proc/self/mountinfo
	assert_output 3002
	start_step --sif-image=/shared/good.sif --sif-bind="$(binds /run/many 128)" true
	wait_step
	assert_failure
	assert_contains "--sif-bind: cannot bind '/run/many': with all that is mounted below them, your binds would bring more than 4096 mounts; bind fewer directories, or directories further down"
	run as_root /shared/mount-many mount /run/more 10
	assert_output "10 mounts"
	as_root /shared/mount-many umount /run/more 10
	as_root /shared/mount-many umount /run/many 1500
	nodes_become_idle
}
