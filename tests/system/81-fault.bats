#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# A short run of the campaign of system calls that fail; see `make check-fault`.

load ../lib/common

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1 --fuse-mode=0666 --conf=SlurmdDebug=info \
		--bind="$BATS_TEST_DIRNAME/../campaign:/campaign"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_add_singularity "$BATS_FILE_TMPDIR/tree" "export FAULTS=faultless"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	gcc -D_GNU_SOURCE -o "$SHARED/step-trace" \
		"$BATS_TEST_DIRNAME"/../campaign/{step-trace,failing-call}.c -lseccomp
}

setup() {
	need_plugin
}

fault() { # OPTION...
	run as_root /campaign/fault --step-trace=/shared/step-trace --all "$@" \
		/shared/good.sif
	echo "$output"
}

@test "calls of every role that fail once leave a step that works or says why not" {
	fault --modes=private,userns --errnos=EPERM --every=60
	assert_status 0
	fault --modes=host --errnos=ENOMEM --every=60
	assert_status 0
	assert_contains "keeper"
}
