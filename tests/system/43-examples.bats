#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The job scripts of examples/, as a user submits them.  gpu.sh is in 39-gpus,
# mpi.sh and pmix.sh are in 35-mpi.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	cp "$TESTS_LIB/../../examples"/*.sh "$SHARED/"
	local tree=$BATS_FILE_TMPDIR/tree
	image_tree "$tree"
	image_sif "$tree" "$SHARED/app.sif" -comp lz4
	cp "$SHARED/app.sif" "$SHARED/other.sif"
	mkdir -p "$BATS_FILE_TMPDIR"/{data,env/bin}
	touch "$BATS_FILE_TMPDIR/data"/{a,b,c}
	image_squashfs "$BATS_FILE_TMPDIR/data" "$SHARED/data.sqsh"
	image_write_script "$BATS_FILE_TMPDIR/env/bin/python" \
		'echo "$0 in $CONDA_PREFIX"'
	image_squashfs "$BATS_FILE_TMPDIR/env" "$SHARED/conda.sqsh"
	make_overlays
}

make_overlays() {
	local upper=$BATS_FILE_TMPDIR/overlay/upper
	mkdir -p "$upper/ext3/bin" "$upper/../work" "$BATS_FILE_TMPDIR/top/faces"
	echo 'export PATH=/ext3/bin:$PATH' >"$upper/ext3/env.sh"
	image_write_script "$upper/ext3/bin/python" \
		'echo "$0 $*: $(ls /faces | wc -l) files"'
	image_ext3 "$upper/.." "$SHARED/env.ext3"
	touch "$BATS_FILE_TMPDIR/top/faces"/{a,b,c}
	image_squashfs "$BATS_FILE_TMPDIR/top" "$SHARED/data.sqf"
}

teardown() {
	has_plugin || return 0
	stop_steps
	rm -f "$SHARED"/*out
}

@test "serial.sh runs in the image" {
	run_job serial.sh
	assert_status 0
	assert_line "in the image: Demonstration Linux"
	refute_line "on the host:  Demonstration Linux"
}

@test "array.sh runs an item in each task" {
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		sbatch --quiet --wait array.sh
	assert_status 0
	assert_equal "$(cat "$SHARED"/array-?.out)" $'item 1\nitem 2\nitem 3'
}

@test "interactive.sh opens a shell in the image" {
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		script --quiet --return --command ./interactive.sh /dev/null \
		<<<'. /etc/os-release; echo "shell in $NAME"; exit 3'
	assert_status 3
	assert_contains "shell in Demonstration Linux"
}

@test "data-image.sh mounts a data image" {
	run_job data-image.sh
	assert_status 0
	assert_output "3 files"
}

@test "conda.sh uses an environment from a squashfs file" {
	run_job conda.sh
	assert_status 0
	assert_output "/opt/env/bin/python in /opt/env"
}

@test "heterogeneous.sh runs each component in its image" {
	run_job heterogeneous.sh
	assert_status 0
	assert_line server 1
	assert_line "worker 0" 1
	assert_line "worker 1" 1
}

@test "writable.sh writes in the container" {
	run_job writable.sh
	assert_status 0
	assert_output cache
}

# The cluster's /tmp is a directory in memory, /shared is on a disk.
@test "overlay.sh goes on with what an earlier step has written" {
	run_job --export=TMPDIR=/shared overlay.sh
	assert_status 0
	assert_output installed
	[[ -z $(find "$SHARED" -maxdepth 1 -name 'layer-*') ]]
}

@test "layers.sh runs in an environment and data over the image" {
	run_job layers.sh
	assert_status 0
	assert_line "/ext3/bin/python train.py: 3 files" 2
}

@test "examples/README.md lists each example" {
	local script
	for script in "$TESTS_LIB/../../examples"/*.sh; do
		grep -q "^| .${script##*/}. |" "${script%/*}/README.md" ||
			assertion_failed "${script##*/} is not in the table"
	done
}
