#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# --sif-overlay with files: squashfs, ext3 and SIF over the image.  How layers are
# merged is in 21-stack.bats; directories as layers are in 33-directory-layers.bats.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	export TREES=$BATS_FILE_TMPDIR/trees
	image_tree "$TREES/base"
	image_add_singularity "$TREES/base" 'export A=image B=image'
	echo base >"$TREES/base/opt/mark"
	image_sif "$TREES/base" "$SHARED/app.sif" -comp lz4
	layer one
	layer two
	image_write_script "$TREES/two/.singularity.d/env/91-environment.sh" \
		'export B=two'
	image_squashfs "$TREES/two" "$SHARED/two.sqf"
	cp "$(type -P true)" "$TREES/one/opt/one/true"
	image_squashfs "$TREES/one" "$SHARED/one.sqf"
	make_ext3
	make_sifs
}

# A tree that says who it is.  A Slurm in /opt/slurm has a mount point there, too.
layer() { # NAME
	mkdir -p "$TREES/$1/opt/$1" "$TREES/$1/.singularity.d/env"
	echo "$1" >"$TREES/$1/opt/mark"
	echo "$1" >"$TREES/$1/opt/$1/file"
}

# As `apptainer overlay create` and a user make it: files in upper/.
make_ext3() {
	layer ext
	mkdir -p "$TREES/overlay/work" "$TREES/overlay/upper"
	cp -a "$TREES/ext/opt" "$TREES/overlay/upper/"
	head -c 3000000 /dev/urandom >"$TREES/overlay/upper/opt/big"
	image_ext3 "$TREES/overlay" "$SHARED/env.ext3"
}

make_sifs() {
	local arch
	arch=$(image_sif_arch)
	# With an overlay partition beside the primary one.
	image_sif "$TREES/one" "$SHARED/overlaid.sif"
	siftool add --datatype 4 --parttype 4 --partfs 2 --partarch "$arch" \
		"$SHARED/overlaid.sif" "$SHARED/env.ext3"
	# With a data partition, and with a primary one alone.
	siftool new "$SHARED/data.sif"
	siftool add --datatype 4 --parttype 3 --partfs 1 --partarch "$arch" \
		"$SHARED/data.sif" "$SHARED/two.sqf"
	image_sif "$TREES/two" "$SHARED/primary.sif"
	# With ext3 as the root.
	image_ext3 "$TREES/base" "$SHARED/root.ext3" 64M
	siftool new "$SHARED/ext.sif"
	siftool add --datatype 4 --parttype 2 --partfs 2 --partarch "$arch" \
		"$SHARED/ext.sif" "$SHARED/root.ext3"
}

teardown() {
	has_plugin || return 0
	stop_steps
	stop_other
	rm -rf "$SHARED"/{go,pid,hold,bad}
}

inside() { # SRUN-ARGUMENT...
	here srun --sif-image=app.sif "$@"
}

# --- order and kinds -------------------------------------------------------------

@test "the last layer is on top, in one list, in several, and in the variable" {
	run inside --sif-overlay=one.sqf:ro,two.sqf:ro \
		sh -c 'cat /opt/mark /opt/one/file /opt/two/file; ls -I slurm /opt'
	assert_output $'two\none\ntwo\nmark\none\ntwo'
	run inside --sif-overlay=two.sqf --sif-overlay=one.sqf cat /opt/mark
	assert_output one
	run here env SPANK_SIF_OVERLAY=/shared/two.sqf srun --sif-image=app.sif \
		--sif-overlay=one.sqf:ro cat /opt/mark
	assert_output one
	run here env SPANK_SIF_OVERLAY=/shared/two.sqf srun --sif-image=app.sif \
		--sif-overlay=none cat /opt/mark
	assert_output base
	run inside --sif-overlay=one.sqf sh -c 'echo no >/opt/mark'
	assert_contains "Read-only file system"
}

@test "SINGULARITY_OVERLAY and similar variables count where the option is not given" {
	for name in SINGULARITY_OVERLAY APPTAINER_OVERLAYIMAGE; do
		run here env "$name=one.sqf:ro,two.sqf:ro" \
			srun --sif-image=app.sif cat /opt/mark /opt/one/file
		assert_output $'two\none'
	done
	run here env SINGULARITY_OVERLAY=one.sqf APPTAINER_OVERLAY=two.sqf:ro \
		srun --sif-image=app.sif cat /opt/mark
	assert_output two
	# As in Apptainer, the option replaces the variable.
	run here env SINGULARITY_OVERLAY=one.sqf \
		srun --sif-image=app.sif --sif-overlay=two.sqf ls -I slurm /opt
	assert_output $'mark\ntwo'
	run here env SINGULARITY_OVERLAY=one.sqf srun echo host
	assert_output host
}

@test "an ext3 image shows its upper/, read-only; without :ro it says so once" {
	run inside --sif-overlay=env.ext3:ro sh -c 'cat /opt/mark; ls -d /upper'
	assert_line ext
	assert_contains "'/upper': No such file"
	run inside -N2 -n4 --sif-overlay=env.ext3 cat /opt/ext/file
	assert_status 0
	assert_line ext 4
	assert_equal "$(grep -c "warning: --sif-overlay: the image '/shared/env.ext3' is read-only, because it is an ext file system" <<<"$output")" 1
	run inside --sif-overlay=one.sqf:rw cat /opt/mark
	assert_contains "warning: --sif-overlay: the image '/shared/one.sqf' is read-only, although ':rw' was given"
	assert_line one
	run inside --sif-overlay=one.sqf,env.ext3:ro,two.sqf \
		sh -c 'cat /opt/mark; ls -I slurm /opt'
	assert_output $'two\nbig\next\nmark\none\ntwo'
}

@test "of a SIF the overlay partition counts, or else data, or else the root" {
	run inside --sif-overlay=overlaid.sif:ro sh -c 'cat /opt/mark; ls -I slurm /opt'
	assert_output $'ext\nbig\next\nmark'
	run inside --sif-overlay=overlaid.sif,data.sif cat /opt/mark
	assert_contains "warning: --sif-overlay: the image '/shared/overlaid.sif' is read-only"
	assert_line two
	run inside --sif-overlay=env.ext3:ro,primary.sif ls -I slurm /opt
	assert_output $'big\next\nmark\ntwo'
}

@test "an ext3 file system is the root, in a SIF, alone, and of Singularity 2" {
	{ echo '#!/usr/bin/env run-singularity'; cat "$SHARED/root.ext3"; } >"$SHARED/old.img"
	for image in ext.sif root.ext3 old.img; do
		run here srun -n2 --sif-image="$image" --sif-overlay=one.sqf \
			sh -c 'echo $A $(cat /opt/mark) $(cd / && ls -d opt lost+found)'
		assert_status 0
		assert_line "image one lost+found opt" 2
	done
	rm "$SHARED/old.img"
	run here srun --sif-image=env.ext3 true
	assert_failure
	assert_contains "cannot use the image '/shared/env.ext3': it is an overlay, which has its files in 'upper'; give it to --sif-overlay, over an image"
}

@test "--sif-debug names the layers" {
	run inside --sif-overlay=one.sqf,overlaid.sif:ro --sif-debug true
	assert_status 0
	assert_contains "layer  /shared/one.sqf (squashfs)"
	assert_contains "layer  /shared/overlaid.sif (ext)"
	assert_matches "image '/shared/app.sif' checked: .* layers=squashfs,ext"
}

@test "the image's environment is that of the merged tree" {
	run inside --sif-overlay=one.sqf,two.sqf sh -c 'echo $A $B'
	assert_output "image two"
}

are_read_ahead() { # COUNT SRUN-ARGUMENT...
	run inside --sif-debug "${@:2}"
	[[ $status == 0 && $output == *" ms  $1 files are read ahead"* ]]
}

@test "a command in a layer is read ahead with its libraries of the image" {
	# The command, the loader and the C library.
	wait_until 30 are_read_ahead 3 --sif-overlay=one.sqf /opt/one/true
}

# --- mistakes --------------------------------------------------------------------

@test "each mistake in --sif-overlay has its own message, at submission" {
	mkdir "$SHARED/bad"
	: >"$SHARED/bad/empty"
	echo text >"$SHARED/bad/text.sqf"
	head -c 200 "$SHARED/one.sqf" >"$SHARED/bad/short.sqf"
	cp "$SHARED/one.sqf" "$SHARED/bad/method.sqf"
	printf '\77' | dd of="$SHARED/bad/method.sqf" bs=1 seek=20 conv=notrunc status=none
	load ../lib/defects
	patch_descriptor "$SHARED/primary.sif" "$SHARED/bad/other.sif" 209 2 $((0x3131))
	while IFS='|' read -r layers sentence; do
		for command in srun 'sbatch --wrap=true'; do
			# shellcheck disable=SC2086
			run here $command --sif-image=app.sif \
				--sif-overlay="$layers" true
			[[ $command != sbatch* ]] || run here $command \
				--sif-image=app.sif --sif-overlay="$layers"
			assert_failure
			assert_contains "error: spank_sif: --sif-overlay: $sentence"
			refute_contains node1
			refute_contains Submitted
		done
	done <<-'END'
	bad/empty|cannot use the image '/shared/bad/empty': it is empty
	one.sqf,bad/text.sqf:ro|cannot use the image '/shared/bad/text.sqf': it is neither a SIF nor a squashfs file
	bad/short.sqf|cannot use the image '/shared/bad/short.sqf': it is truncated
	two.sqf,bad/method.sqf|cannot use the image '/shared/bad/method.sqf': it is compressed by the unknown method 63
	bad/other.sif|cannot use the image '/shared/bad/other.sif': it is for s390x and this node is
	bad:ro,one.sqf|'/shared/one.sqf' cannot be over the directory '/shared/bad': list directories last
	bad,one.sqf:ro|'/shared/bad' is under another layer, so nothing is written to it
	one.sqf:/data|'one.sqf:/data': '/data' is not an option of a layer (ro, rw)
	one.sqf,ro|'ro': the option follows its path after a colon
	one.sqf,,two.sqf|'one.sqf,,two.sqf' has an empty item
	docker://debian|'docker://debian' is not an image file
	END
	run here srun --sif-overlay=one.sqf true
	assert_failure
	assert_contains "there is no image for --sif-overlay"
	run here srun --sif-join=1.0 --sif-overlay=one.sqf true
	assert_failure
	assert_contains "--sif-overlay has no effect with --sif-join"
}

@test "a missing layer: the command guesses what was meant, the node names it" {
	run inside --sif-overlay=env.ext:ro true
	assert_failure
	assert_contains "warning: cannot see the image '/shared/env.ext' from here (No such file or directory): steps will fail on nodes where it is not; did you mean 'env.ext3'?"
	assert_contains "error: spank_sif: --sif-overlay: cannot use '/shared/env.ext' on this node: No such file or directory"
	run inside -N2 --sif-overlay=one.sqf,/nonesuch.sqf true
	assert_failure
	for node in node1 node2; do
		assert_contains "error: spank_sif: --sif-overlay: cannot use '/nonesuch.sqf' on this node: No such file or directory"
	done
	refute_contains warning
}

@test "a layer that only the node reads is refused there by its path" {
	# As an outer command would hand it on, so that srun does not look.
	mkdir "$SHARED/bad"
	echo text >"$SHARED/bad/text.sqf"
	run here env SLURM_SIF_IMAGE=/shared/app.sif \
		SLURM_SIF_OVERLAY=/shared/one.sqf,/shared/bad/text.sqf:ro srun true
	assert_failure
	assert_contains "error: spank_sif: --sif-overlay: cannot use the image '/shared/bad/text.sqf': it is neither a SIF nor a squashfs file"
}

@test "an ext3 image with an unclean journal names the cure" {
	cp "$SHARED/env.ext3" "$SHARED/unclean.ext3"
	debugfs -w -R 'feature needs_recovery' "$SHARED/unclean.ext3" >/dev/null 2>&1
	run inside --sif-overlay=one.sqf,unclean.ext3:ro true
	assert_failure
	assert_contains "--sif-overlay: cannot use the image '/shared/unclean.ext3': "
	assert_contains "e2fsck"
}

@test "the same file twice counts where it is last" {
	run inside --sif-overlay=two.sqf,one.sqf,two.sqf:ro --sif-debug cat /opt/mark
	assert_status 0
	assert_line two
	assert_equal "$(grep -c 'layer  /shared/' <<<"$output")" 2
	run inside --sif-overlay="$(seq -s, -f '/shared/no%g.sqf' 64)" true
	assert_failure
	assert_contains "--sif-overlay: an image can have 63 layers over it, not 64"
}

# --- jobs and sites --------------------------------------------------------------

@test "a job script's layers are those of its sruns, which can add more" {
	printf '%s\n' '#!/bin/sh' '#SBATCH --sif-image=app.sif' \
		'#SBATCH --sif-overlay=one.sqf:ro' 'cat /opt/mark 2>/dev/null' \
		'cd /; srun cat /opt/mark' \
		'srun --sif-overlay=/shared/two.sqf,/shared/one.sqf:ro ls -I slurm /opt' \
		'srun --sif-overlay=none cat /opt/mark' >"$SHARED/job"
	run_job job
	assert_status 0
	assert_output $'one\nmark\none\ntwo\nbase'
}

@test "components of a heterogeneous job have layers of their own" {
	printf '%s\n' '#!/bin/sh' '#SBATCH --sif-image=app.sif -n1' \
		'#SBATCH hetjob' '#SBATCH -n1' \
		'srun --het-group=0 --sif-overlay=one.sqf cat /opt/mark : --het-group=1 cat /opt/mark | sort' \
		'srun --het-group=1 --sif-overlay=two.sqf cat /opt/mark' >"$SHARED/job"
	run_job job
	assert_status 0
	assert_output $'one\none\ntwo'
}

@test "the site has layers of its own, denies the option, or wants :ro" {
	cp "$SHARED"/{one,two}.sqf "$SHARED/env.ext3" "$BATS_TEST_TMPDIR/"
	start_other "overlay=/shared/one.sqf overlay-writable=refuse"
	cp "$BATS_TEST_TMPDIR"/{one,two}.sqf "$BATS_TEST_TMPDIR/env.ext3" \
		"$OTHER/shared/"
	run on_other srun --sif-image=app.sif cat /opt/mark
	assert_output one
	run on_other srun --sif-image=app.sif --sif-overlay=two.sqf ls -I slurm /opt
	assert_output $'mark\none\ntwo'
	run on_other srun --sif-image=app.sif --sif-overlay=none ls -I slurm /opt
	assert_output mark
	run on_other srun --sif-image=app.sif --sif-overlay=env.ext3 true
	assert_failure
	assert_contains "error: spank_sif: --sif-overlay: cannot use the image '/shared/env.ext3': it is an ext file system, which many tasks cannot write to, and this site refuses it without ':ro' (overlay-writable= in plugstack.conf); write '/shared/env.ext3:ro' to read it"
	refute_contains node1
	run on_other sh -c 'SLURM_SIF_IMAGE=/shared/app.sif SLURM_SIF_OVERLAY=/shared/env.ext3 srun true'
	assert_failure
	stop_other
	start_other deny=overlay
	run on_other srun --sif-image=app.sif --sif-overlay=one.sqf true
	assert_failure
	assert_contains "--sif-overlay is not for users of this site"
	run on_other env SINGULARITY_OVERLAY=one.sqf srun --sif-image=app.sif cat /opt/mark
	assert_output base
}

# --- with everything else --------------------------------------------------------

@test "binds, further images and missing mount points in any layer" {
	as_alice sh -c 'mkdir -p /shared/d && echo bound >/shared/d/file'
	run inside --sif-overlay=one.sqf,env.ext3:ro,two.sqf \
		--sif-bind=d:/opt/two,d/file:/opt/ext/file,d:/opt/new/x \
		--sif-mount=primary.sif:/opt/one/m \
		sh -c 'cat /opt/two/file /opt/ext/file /opt/new/x/file /opt/one/m/opt/mark /opt/one/file'
	assert_output $'bound\nbound\nbound\ntwo\none'
}

@test "a writable layer lies over the layers, and another step can join" {
	run inside --sif-overlay=one.sqf,env.ext3:ro --sif-writable-tmpfs \
		sh -c 'echo new >/opt/mark && rm /opt/one/file && cat /opt/mark
			mv /opt/ext /opt/moved; ls -I slurm /opt/one /opt'
	assert_status 0
	assert_output $'new\n/opt:\nbig\nmark\nmoved\none\n\n/opt/one:\ntrue'
	run here salloc --quiet -n2 sh -c 'srun -n1 --overlap --sif-image=app.sif \
			--sif-overlay=one.sqf sh -c "touch hold; while [ -e hold ]; do sleep 0.1; done" &
		while [ ! -e hold ]; do sleep 0.1; done
		srun -n1 --overlap --sif-join=0 cat /opt/mark; rm hold; wait'
	assert_status 0
	assert_output one
}

@test "layers are merged in each mode, and by both readers" {
	local modes=(mount=host privilege=userns) args
	[[ ! -x $SPANK_SIF_INSTALL/usr/libexec/spank-sif/spank-sif-server-squashfuse ]] ||
		modes+=(reader=squashfuse)
	cp "$SHARED"/{one,two}.sqf "$SHARED/env.ext3" "$BATS_TEST_TMPDIR/"
	for args in "${modes[@]}"; do
		start_other "$args" --fuse-mode=0666
		cp "$BATS_TEST_TMPDIR"/{one,two}.sqf "$BATS_TEST_TMPDIR/env.ext3" \
			"$OTHER/shared/"
		run on_other srun -n2 --sif-image=app.sif \
			--sif-overlay=one.sqf,env.ext3:ro,two.sqf sh -c \
			'echo $(cat /opt/mark /opt/one/file /opt/ext/file) $(ls -I slurm /opt)'
		assert_status 0
		assert_line "two one ext big ext mark one two" 2
		run on_other srun --sif-image=app.sif --sif-writable-tmpfs \
			--sif-overlay=one.sqf,env.ext3:ro sh -c \
			'echo new >>/opt/mark && cat /opt/mark'
		assert_status 0
		assert_output $'ext\nnew'
		run on_other srun --sif-image=ext.sif --sif-overlay=two.sqf \
			cat /opt/mark /opt/two/file
		assert_status 0
		assert_output $'two\ntwo'
		stop_other
	done
}

# bats test_tags=machine
@test "layers are served over io_uring" {
	need_uring
	run with_uring in_image app --sif-debug \
		--sif-overlay=/shared/one.sqf,/shared/env.ext3:ro,/shared/two.sqf \
		sh -c 'cat /opt/mark /opt/ext/file; sha256sum </opt/big'
	assert_status 0
	assert_matches "rings=[0-9]"
	assert_line two
	assert_line ext
	assert_line "$(sha256sum <"$TREES/overlay/upper/opt/big")"
}

# --- many ranks, and kills -------------------------------------------------------

@test "many ranks read one ext3 image, also when its server is killed" {
	local sum pid
	sum=$(sha256sum <"$TREES/overlay/upper/opt/big")
	start_step -N1 -n64 --overcommit --chdir=/shared --sif-image=/shared/app.sif \
		--sif-overlay=/shared/one.sqf,/shared/env.ext3:ro sh -c \
		'sha256sum </opt/big; : >/shared/pid.$SLURM_PROCID
		while [ ! -e /shared/go ]; do sleep 0.1; done
		echo $(cat /opt/mark /opt/one/file; ls -I slurm /opt; sha256sum </opt/big)'
	wait_until 60 all_are_there 64
	# The guard is the parent; what it replaces serves the same stack.
	for _ in 1 2; do
		pid=$(server_pids | head -n 1)
		as_root kill -KILL "$pid"
		wait_until 10 server_is_not "$pid"
	done
	touch "$SHARED/go"
	wait_step 60
	rm -f "$SHARED"/pid.*
	assert_status 0
	assert_line "$sum" 64
	assert_line "ext one big ext mark one ${sum/  / }" 64
	wait_until 10 no_servers
	# On a busy machine the last task does not wait for the end of the server; then
	# the log has it.
	wait_until 10 grep -q "the image server was killed or crashed, and was replaced, 2 times" \
		"$STEP_OUTPUT" "$CLUSTER/log/node1.log"
}

all_are_there() { # COUNT
	(($(find "$SHARED" -maxdepth 1 -name 'pid.*' | wc -l) == $1))
}

server_is_not() { # PID
	local pid
	pid=$(server_pids | head -n 1)
	[[ -n $pid && $pid != "$1" ]]
}
