#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The recipes of doc/migrating.md, taken from there.  Those for mpirun are in 35-mpi.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	local tree=$BATS_FILE_TMPDIR/tree app
	image_tree "$tree"
	image_add_singularity "$tree" 'export A=image'
	add_app "$tree" foo
	image_sif "$tree" "$SHARED/app.sif" -comp lz4
	app=$BATS_FILE_TMPDIR/overlay/upper/ext3
	mkdir -p "$app/bin" "$app/../../work" "$BATS_FILE_TMPDIR/data/data"
	image_write_script "$app/bin/python" 'echo "$0 runs $* with $(cat /data/set)"'
	echo data >"$BATS_FILE_TMPDIR/data/data/set"
	image_squashfs "$BATS_FILE_TMPDIR/data" "$SHARED/data.sqf"
	echo 'export PATH=/ext3/bin:$PATH' >"$app/env.sh"
	image_squashfs "$app" "$SHARED/app.sqfs"
	chown -R 2001:2001 "$BATS_FILE_TMPDIR/overlay"
	image_ext3 "$BATS_FILE_TMPDIR/overlay" "$SHARED/env.ext3"
}

# Adds a SCIF app, with the files that Apptainer makes for it.
add_app() { # TREE NAME
	local app=$1/scif/apps/$2
	mkdir -p "$app"/{bin,scif/env}
	echo 'export OF_APP=yes' >"$app/scif/env/90-environment.sh"
	image_write_script "$app/bin/tool" 'echo "tool: $OF_APP $*"'
	image_write_script "$app/scif/runscript" 'exec tool "$@"'
	image_write_script "$1/.singularity.d/env/94-appsbase.sh" \
		'if test -n "${APPTAINER_APPNAME:-}"; then' \
		'	PATH="/scif/apps/$APPTAINER_APPNAME/bin:$PATH"' \
		'	. "/scif/apps/$APPTAINER_APPNAME/scif/env/90-environment.sh"' \
		'	export PATH' 'fi'
}

# Runs the block below a heading in /shared.
run_recipe() { # HEADING [SED-EXPRESSION]
	local text
	text=$(sed -n "/^### $1/,/^##/s/^    //p" \
		"$TESTS_LIB/../../doc/migrating.md" | sed "${2-}")
	[[ -n $text ]]
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- sh -ec "$text"
}

@test "the recipe for a file of variables works" {
	printf '%s\n' '# a comment' 'A=a,b' 'export B="two  words"' \
		>"$SHARED/vars.env"
	image_write_script "$SHARED/solver" 'echo "$A|$B"'
	run_recipe '`--env-file`'
	assert_status 0
	assert_output 'a,b|two  words'
}

@test "the recipe for a SCIF app works" {
	run_recipe '`run --app`' 's/NAME\b/foo/g; s/_APPfoo/_APPNAME/g
		s/ARGS/a "b c"/'
	assert_status 0
	assert_output "tool: yes a b c"
}

@test "the recipe for overlays works, before and after they are converted" {
	[[ -x /sbin/debugfs ]] || skip "no debugfs"
	# The block "before" is Singularity's.
	run_recipe 'Overlays with a conda' '/^before:/,/train.py/d
		s/^after: *//; s/mksquashfs .*/& -quiet -no-progress/'
	assert_status 0
	assert_line "/ext3/bin/python runs train.py with data" 2
}

@test "the recipe for the node's own system in an image of mount points works" {
	image_write_script "$SHARED/solver" \
		'cat /etc/hostname; ls /user-environment; type -P gcc mksquashfs'
	sed -i 's|^#!/bin/sh|#!/bin/bash|' "$SHARED/solver"
	run_recipe "Software for the node" 's/mksquashfs .*/& -quiet -no-progress/'
	assert_status 0
	assert_line env.sh
	assert_contains bin/mksquashfs
}
