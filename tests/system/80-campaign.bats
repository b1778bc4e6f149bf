#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# A short run of the campaign of SIGKILL at random moments; see `make check-kill`.

load ../lib/common

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1 --fuse-mode=0666 --bind="$BATS_TEST_DIRNAME/../campaign:/campaign"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
}

teardown_file() {
	cluster_stop
}

setup() {
	need_plugin
}

# Without its slurmstepd, Slurm takes seconds to end a step.
@test "20 SIGKILLs at random moments of a step leave nothing" {
	run as_root /campaign/kill --trials=20 \
		--victims=server,task,srun,server,task,srun,server,task,srun,step \
		/shared/good.sif
	echo "$output"
	assert_status 0
	refute_contains Killed
}

@test "10 SIGKILLs in mode host, and 10 in mode userns, leave nothing" {
	run as_root /campaign/kill --trials=10 --modes=host,userns \
		--victims=server,task,srun,server,task,srun,server,task,srun,step \
		/shared/good.sif
	echo "$output"
	assert_status 0
	run as_root /campaign/kill --trials=6 --modes=host \
		--victims=keeper /shared/good.sif
	echo "$output"
	assert_status 0
}

@test "the campaign fails when a victim is never hit" {
	run as_root /campaign/kill --trials=1 --victims=nobody /shared/good.sif
	assert_status 1
	assert_contains "private  nobody                 1       0       0"
}
