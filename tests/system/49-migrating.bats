#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The recipes of doc/migrating.md, taken from there.  Those for mpirun are in 35-mpi.
#
# shellcheck disable=SC2016

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
	make_centres "$tree"
}

# What the centres' scripts find, with small programs that say what they see.
make_centres() { # TREE
	local tree=$1 work=$BATS_FILE_TMPDIR
	image_write_script "$tree/usr/bin/python" 'echo "$0 $* in $PWD"; ls /data'
	image_write_script "$tree/usr/bin/conda-python-distributed" \
		'exec /user-software/bin/python "$@"'
	image_write_script "$tree/usr/bin/mycommand" 'cat /data/set'
	image_write_script "$tree/usr/bin/Trinity" \
		'for out; do :; done; mkdir $out; echo "$*" >$out/Trinity.fasta'
	image_squashfs "$tree" "$work/centre.squashfs" -comp lz4
	cp "$work/centre.squashfs" "$SHARED/centre.sif"
	mkdir -p "$work"/{software,conda/upper/opt/conda}/bin "$work/conda/work" \
		"$SHARED"/{mnist,scratch,MyEnv/bin,MyEnv/_bin,tmp}
	image_write_script "$work/software/bin/python" 'echo "$0 $* in $PWD"'
	image_squashfs "$work/software" "$SHARED/software.sqsh"
	image_write_script "$work/conda/upper/opt/conda/bin/bwa" 'echo "$0 runs"'
	image_ext3 "$work/conda" "$SHARED/my_conda_overlay.ext3"
	make_tykky
	chown -R 2001:2001 "$SHARED"/{mnist,scratch,tmp}
}

# As `conda-containerize new` leaves a folder, with the variables of its common.sh.
make_tykky() {
	cp "$SHARED/centre.sif" "$SHARED/MyEnv/container.sif"
	cp "$SHARED/software.sqsh" "$SHARED/MyEnv/img.sqfs"
	ln -s /TYKKY_aB3xY/bin/python "$SHARED/MyEnv/_bin/python"
	image_write_script "$SHARED/MyEnv/bin/python" 'echo "a wrapper"'
	cat >"$SHARED/MyEnv/common.sh" <<-'END'
	CONTAINER_IMAGE=container.sif
	SQFS_IMAGE=img.sqfs
	INSTALLATION_PATH=/TYKKY_aB3xY
	export SINGULARITYENV_PATH="$OLD_PATH"
	SINGULARITY_BIND=$(ls -1 / | sed '/dev/d; s,^,/,' | paste -sd,)
	SINGULARITY_BIND=$SINGULARITY_BIND,$TMPDIR,$TMPDIR:/tmp,$DIR/../_bin:$DIR
	export SINGULARITY_BIND=$SINGULARITY_BIND,$DIR/../$SQFS_IMAGE:$INSTALLATION_PATH:image-src=/
	END
}

# Adds a SCIF app, with the files that Apptainer makes for it.
add_app() { # TREE NAME
	local app=$1/scif/apps/$2
	mkdir -p "$app"/{bin,scif/env}
	echo 'export OF_APP=yes' >"$app/scif/env/90-environment.sh"
	image_write_script "$app/bin/tool" 'echo "tool: $OF_APP $*"'
	image_write_script "$app/scif/runscript" 'exec tool "$@"'
	image_write_script "$1/.singularity.d/env/95-apps.sh" \
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

# --- centres -----------------------------------------------------------------

# Prints what is indented below a heading, from the line MARK to an empty line.
print_block() { # HEADING MARK
	sed -n "/^### $1\$/,/^#/{/^    # $2\$/,/^\$/s/^    //p}" \
		"$TESTS_LIB/../../doc/migrating.md"
}

# Runs the block "after" of a centre, with variables that its site or script sets.
run_after() { # HEADING [NAME=VALUE...]
	local text
	text=$(print_block "$1" after)
	[[ -n $text ]]
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		env "${@:2}" bash -ec "$text"
}

@test "in the recipe of each centre, one line changes" {
	local heading count=0
	while read -r heading; do
		run diff <(print_block "$heading" before) <(print_block "$heading" after)
		# Besides the comment.
		assert_equal "$(grep -c '^<' <<<"$output") $(grep -c '^>' <<<"$output")" "2 2"
		((++count))
	done < <(sed -n '/^## Recipes of centres/,/^## What/s/^### //p' \
		"$TESTS_LIB/../../doc/migrating.md")
	((count >= 8))
}

@test "LUMI: packages in a squashfs file, and containers as modules" {
	ln "$SHARED/software.sqsh" "$SHARED/optuna-env.sqsh"
	run_after "LUMI: packages in a squashfs file" SIF=centre.sif
	assert_status 0
	assert_output "/user-software/bin/python test_packages.py in /shared"
	# This cluster does not bind to CPUs, and says so.
	run_after "LUMI: containers as modules" SIFPYTORCH=/shared/centre.sif MYMASKS=0x1 \
		SINGULARITY_BIND=/shared,/shared/software.sqsh:/user-software:image-src=/
	assert_status 0
	assert_line "/user-software/bin/python -u mnist_DDP.py --gpu --modelpath model in /shared/mnist"
}

@test "CSC: data sets in a squashfs file" {
	image_squashfs "$BATS_FILE_TMPDIR/data/data" "$SHARED/mydataset.sqfs"
	ln "$SHARED/centre.sif" "$SHARED/container.sif"
	run print_block "CSC: data sets in a squashfs file" after
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		sh -ec "${output//scratch\/project_id/shared}"
	assert_status 0
	assert_output data
}

@test "Tykky: its image and installation, without its wrappers" {
	run_after "CSC and LUMI: Tykky, lumi-container-wrapper" TMPDIR=/shared/tmp
	assert_status 0
	assert_output "/shared/MyEnv/bin/python train.py in /shared"
}

@test "CSCS: a uenv over the node's system, and an environment file" {
	ln "$SHARED/software.sqsh" "$SHARED/myenv.squashfs"
	image_write_script "$SHARED/solver" 'exec /user-tools/bin/python solved'
	mkdir -p "$BATS_TEST_TMPDIR/node"/{dev,etc,home,opt,proc,root,run,sys,tmp,usr,var}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$BATS_TEST_TMPDIR/node/$name"
	done
	image_squashfs "$BATS_TEST_TMPDIR/node" "$SHARED/node.sqsh"
	run_after "CSCS: uenv" IMAGES=/shared
	assert_status 0
	assert_output "/user-tools/bin/python solved in /shared"
	ln "$SHARED/centre.sif" "$SHARED/scratch/pytorch.sqsh"
	ln "$SHARED/software.sqsh" "$SHARED/scratch/data.sqsh"
	run_after "CSCS: Container Engine" SCRATCH=/shared/scratch
	assert_status 0
	assert_output $'/usr/bin/python train.py in /shared/scratch\nbin'
}

@test "Pawsey: software in an overlay, and output files" {
	run_after "Pawsey: software in an overlay" UBUNTU_IMAGE=centre.sif
	assert_status 0
	assert_output "/opt/conda/bin/bwa runs"
	as_alice srun mkdir -p /shared/tmp/overlay
	run_after "Pawsey: many output files in an overlay" TMPDIR=/shared/tmp \
		TRINITY_IMAGE=centre.sif
	assert_status 0
	run as_alice srun --sif-image=/shared/centre.sif \
		--sif-overlay=/shared/tmp/overlay cat /trinity_out_dir/Trinity.fasta
	assert_status 0
	assert_contains "--seqType fq --left trinity_test_data/reads.left.fq.gz"
}

@test "Pawsey: an overlay for each rank" {
	local ii overlay=$BATS_TEST_TMPDIR/overlay
	for ii in 0 1; do
		mkdir -p "$overlay/upper/inside/processor$ii/10" "$SHARED/scratch/bak.processor$ii"
		echo "of $ii" >"$overlay/upper/inside/processor$ii/10/U"
		image_ext3 "$overlay" "$SHARED/scratch/overlay$ii"
	done
	chown -R 2001:2001 "$SHARED/scratch"
	run print_block "Pawsey: results of OpenFOAM in an overlay for each rank" after
	run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared/scratch -- \
		env foam_numberOfSubdomains=2 insideDir=/inside reconstructionTime=10 \
		theImage=/shared/centre.sif bash -ec "$output"
	assert_status 0
	assert_equal "$(cat "$SHARED"/scratch/bak.processor{0,1}/10/U)" $'of 0\nof 1'
}
