#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# A short run of the campaign with SIGKILL at random moments; see `make check-kill`.

load ../lib/common

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1 --fuse-mode=0666 --conf=KillWait=1 \
		--plugstack-after="required spank_sif_sweep.so" \
		--bind="$BATS_TEST_DIRNAME/../campaign:/campaign"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	mkdir -p "$BATS_FILE_TMPDIR"/{one,two/upper}/etc/more
	image_squashfs "$BATS_FILE_TMPDIR/one" "$SHARED/one.sqf"
	image_ext3 "$BATS_FILE_TMPDIR/two" "$SHARED/two.ext3"
}

setup() {
	need_plugin
}

# Few victims are slurmstepd: without it Slurm takes seconds to end a step.
@test "20 SIGKILLs at random moments of a step leave nothing" {
	run as_root /campaign/kill --trials=20 \
		--victims=server,task,srun,server,task,srun,server,task,srun,step \
		/shared/good.sif
	echo "$output"
	assert_status 0
	refute_contains Killed
}

# At system calls, not by the clock, so that each one hits.
@test "SIGKILLs at system calls of every role leave nothing, with host, userns, layers" {
	compile -D_GNU_SOURCE -o "$SHARED/step-trace" \
		"$BATS_TEST_DIRNAME"/../campaign/{step-trace,failing-call}.c \
		-lseccomp -ldw
	run as_root /campaign/kill --stops=1500 --modes=host,userns \
		--layers=/shared/one.sqf,/shared/two.ext3:ro \
		--step-trace=/shared/step-trace /shared/good.sif
	echo "$output"
	assert_status 0
	assert_contains "keeper@stops"
	assert_contains "slurmstepd@stops"
}

@test "the campaign fails if a victim is never hit" {
	run as_root /campaign/kill --trials=1 --victims=nobody /shared/good.sif
	assert_status 1
	assert_contains "private  nobody                 1       0       0"
}

# Each kind of defect that the campaign looks for, in its own run.
find_defect() { # TEXT COMMAND
	run as_root /campaign/kill --trials=1 --victims=task --deadline=1 \
		--defect="$2" /shared/good.sif
	echo "$output"
	assert_status 1
	assert_contains "left in mode private after task, trial 1: "
	assert_contains "$1"
}

# With mount(2): otherwise mount of util-linux 2.41 looks into the file system before it
# attaches it, and nothing answers.
@test "the campaign finds a process, a file system and a connection left behind" {
	find_defect "process " 'as_user sleep 3 &'
	find_defect "mount in /proc/" 'unshare --mount sh -c "
		exec 9<>/dev/fuse
		LIBMOUNT_FORCE_MOUNT2=always mount -i -t fuse -o fd=9,rootmode=40000,user_id=$RUN_AS,group_id=$RUN_AS \
			left /mnt && sleep 3" &'
	assert_contains "descriptor /proc/"
	assert_contains "FUSE connection "
}

@test "the campaign finds files, memory, a cgroup left behind, and a drained node" {
	find_defect "> /run/left d root" 'mkdir /run/left'
	find_defect "> /dev/shm/left f root" 'touch /dev/shm/left'
	find_defect "> " 'ipcmk --semaphore 1'
	find_defect "node node1 drain" \
		'scontrol update nodename=node1 state=drain reason=left'
	as_root scontrol update nodename=node1 state=resume
	! as_root test -e /sys/fs/cgroup/cgroup.procs ||
		find_defect "/left" 'mkdir "$CGROUP/left"'
}

@test "the campaign fails if the next step fails" {
	find_defect "next step: " 'chmod 0 "$IMAGE"'
	as_root chmod 0644 /shared/good.sif
}
