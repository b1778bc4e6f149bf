#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# A short run of the campaign with failing system calls; see `make check-fault`.

load ../lib/common

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1 --fuse-mode=0666 --conf=SlurmdDebug=info \
		--bind="$BATS_TEST_DIRNAME/../campaign:/campaign"
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_add_singularity "$BATS_FILE_TMPDIR/tree" "export FAULTS=faultless"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	mkdir -p "$BATS_FILE_TMPDIR"/{one,two/upper}/etc/more
	image_squashfs "$BATS_FILE_TMPDIR/one" "$SHARED/one.sqf"
	image_ext3 "$BATS_FILE_TMPDIR/two" "$SHARED/two.ext3"
	compile -D_GNU_SOURCE -o "$SHARED/step-trace" \
		"$BATS_TEST_DIRNAME"/../campaign/{step-trace,failing-call}.c \
		-lseccomp -ldw
}

setup() {
	need_plugin
}

# A step may miss a deadline on a machine that stalls for a moment: a defect that does
# not come again is shown in the results, but does not fail the test.
fault() { # OPTION...
	run as_root /campaign/fault --step-trace=/shared/step-trace --again "$@" \
		/shared/good.sif
	awk '/^[^ ]/ { once = /^once: / } once { print "# " $0 }' <<<"$output" >&3
}

@test "after one failing call in any role the step works or reports why not" {
	fault --modes=private --errnos=EPERM --every=60
	assert_status 0
	fault --modes=host --roles=slurmstepd,keeper --errnos=ENOMEM --every=30
	assert_status 0
	fault --modes=userns --roles=task --errnos=EMFILE --every=60
	assert_status 0
}

# The second of two tasks takes a name and then opens /dev/fuse.  The number is wrong if
# calls of Slurm count too.
@test "an error of a task that is not the first is reported" {
	fault --all --roles=other --errnos=EMFILE --call=2 --modes=private
	assert_status 0
	assert_contains "cannot open '/dev/fuse' on this node"
}

# Otherwise tasks would wait for a server that cannot receive or does not answer.
@test "a reply that cannot be sent at once is sent again" {
	fault --all --modes=private --roles=server --errnos=EPERM --every=25 \
		--layers=/shared/one.sqf,/shared/two.ext3:ro
	assert_status 0
	refute_contains "not complete in time"
	# Without custom I/O libfuse sends, and the kernel gets an error instead: a
	# mount point may be missing, and the user is warned.
	! libfuse_has_custom_io || refute_contains "No such file or directory"
}
