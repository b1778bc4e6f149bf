#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# OCI-SIF images: their layers as '/', their config as environment, run script and
# directory; data containers; what is refused, at submission and on the node.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	export TREE=$BATS_FILE_TMPDIR/tree
	image_tree "$TREE" "${IMAGE_PROGRAMS[@]}" printf
	mkdir "$TREE/work"
	echo 'only in the image' >"$TREE/usr/mark"
	image_squashfs "$TREE" "$TREE.squashfs" -comp lz4
	oci_sif app.sif "$TREE.squashfs" --config="$CONFIG"
	image_sif "$TREE" "$SHARED/small.sif" -comp lz4
}

CONFIG='{"Env": ["PATH=/opt/app/bin:/usr/bin", "APP_HOME=/opt/it'\''s $HOME",
		"my.name=left out", "HOME=/nowhere", "LD_LIBRARY_PATH=/opt/app/lib", "LINES_OF=a\nb"],
	"Entrypoint": ["printf", "<%s>"], "Cmd": ["cmd", "of it"],
	"WorkingDir": "/work", "User": "1234"}'

oci_sif() { # NAME ARGUMENT...
	local name=$1
	shift
	"$TESTS_LIB/oci-sif" "$SHARED/$name" "$@"
}

in_app() { # [OPTION...] CMD
	as_alice srun --sif-image=/shared/app.sif "$@"
}

# bats test_tags=reader
@test "an OCI-SIF is the root of a step" {
	run in_app sh -c 'cat /usr/mark; id -un; stat -c %i:%A /usr/mark'
	assert_status 0
	assert_line 'only in the image'
	assert_line alice
	run in_app --sif-debug true
	assert_status 0
	assert_contains "image '/shared/app.sif' checked: offset="
}

@test "Env of the config is the environment of the image" {
	run in_app sh -c 'printf "%s\n" "$PATH" "$APP_HOME" "$LD_LIBRARY_PATH" "$HOME" "$LINES_OF"'
	assert_status 0
	assert_line '/opt/app/bin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin'
	assert_line "/opt/it's \$HOME"
	assert_line '/opt/app/lib:/.singularity.d/libs'
	assert_line /home/alice
	assert_contains $'a\nb'
	# The user wins, the image wins over the job; the script needs no shell.
	run as_alice env APP_HOME=job APPTAINERENV_LINES_OF=user srun --sif-image=/shared/app.sif \
		--sif-env=APP_HOME=option --sif-debug \
		sh -c 'echo "$APP_HOME $LINES_OF"; env'
	assert_status 0
	assert_line 'option user'
	refute_contains 'my.name'
	assert_contains 'environment: 1 script of the image read, 0 lines skipped'
	assert_contains 'from image (10-docker2singularity.sh)'
}

@test "the run script is Entrypoint and Cmd, and arguments replace Cmd" {
	run in_app /.singularity.d/runscript
	assert_status 0
	assert_output '<cmd><of it>'
	run in_app /.singularity.d/runscript 'a b' '*'
	assert_status 0
	assert_output '<a b><*>'
}

@test "a step starts in WorkingDir if the image lacks the step's own directory" {
	run in_app --chdir=/tmp pwd
	assert_output /tmp
	run in_app --chdir=/usr/share pwd
	assert_status 0
	assert_line /work
	assert_contains "cannot use the working directory '/usr/share' in the image: No such file or directory: starting in '/work' instead"
	run in_app --chdir=/usr/share --sif-workdir=/opt pwd
	assert_output /opt
}

@test "tasks that join a step have the image's environment" {
	as_alice rm -f /shared/started /shared/go
	start_step --chdir=/shared --sif-image=/shared/app.sif sh -c \
		'echo up >started; until [ -e go ]; do sleep 0.1; done'
	wait_for_lines "$SHARED/started"
	job=$(as_root squeue --noheader --format=%A | head -n 1)
	run as_alice srun --jobid="$job" --overlap --sif-join="$job.0" \
		sh -c 'echo "$APP_HOME"; /.singularity.d/runscript joined'
	touch "$SHARED/go"
	joined=$output
	wait_step
	output=$joined
	assert_contains "/opt/it's \$HOME"
	assert_contains '<joined>'
}

@test "a writable layer shows the files of the config, and can change them" {
	run in_app --sif-writable-tmpfs sh -c \
		'echo x >/.singularity.d/env/more.sh && ls /.singularity.d/env; /.singularity.d/runscript'
	assert_status 0
	assert_line 10-docker2singularity.sh
	assert_line more.sh
	assert_line '<cmd><of it>'
}

@test "nested indexes are followed and signatures skipped" {
	oci_sif nested.sif "$TREE.squashfs" --nested --cosign
	run as_alice srun --sif-image=/shared/nested.sif cat /usr/mark
	assert_status 0
	assert_output 'only in the image'
}

@test "an OCI-SIF that siftool has written is the root of a step" {
	[[ $(siftool add --help) == *OCI.RootIndex* ]] ||
		skip "$(type -P siftool) cannot write OCI-SIF files"
	local parts=$BATS_TEST_TMPDIR/parts image=$SHARED/written.sif part
	mkdir "$parts"
	"$TESTS_LIB/oci-sif" "$parts" "$TREE.squashfs" --config="$CONFIG" --parts
	siftool new "$image"
	for part in 1 2 3; do
		siftool add --datatype 11 "$image" "$parts/$part"
	done
	siftool add --datatype 10 "$image" "$parts/4"
	run as_alice srun --sif-image=/shared/written.sif sh -c \
		'cat /usr/mark; /.singularity.d/runscript x'
	assert_status 0
	assert_line 'only in the image'
	assert_contains '<x>'
}

# tests/lib/recorded/README.md says what is in them.
recorded() { # NAME
	[[ $(uname -m) == x86_64 ]] || skip "they are for x86_64"
	gunzip -c "$TESTS_LIB/recorded/$1.gz" >"$SHARED/$1"
}

print_recorded() { # NAME
	run as_alice srun --sif-image="/shared/$1" --sif-bind=/usr sh -c \
		'printf "%s\n" "$PLAIN" "$QUOTED" "$JSON" "$LINES"
		/.singularity.d/runscript
		cd /data && find . -printf "%M %.50P %l\n" && grep -r . .'
}

DECLARED='of the image
say "hi" \ to $HOME
{"a": "b\\c"}
one
two
<of it>
<$HOME>'

# bats test_tags=reader
@test "an OCI-SIF of SingularityCE has its layers and its config" {
	recorded singularity-4.1.1.oci.sif
	print_recorded singularity-4.1.1.oci.sif
	assert_status 0
	assert_contains "$DECLARED"
	assert_equal "$(grep '^[-dl]' <<<"$output" | LC_ALL=C sort -k 2 | sed 's/ *$//')" \
"drwxr-xr-x
-rwsr-xr-x changed
drwxr-xr-x emptied
drwxr-xr-x gone
-rw-r--r-- gone/third
-rw-r--r-- kept
-rw-r--r-- linked
-rw-r--r-- $(printf 'n%.0s' {1..50})
drwxr-xr-x opaque
-rw-r--r-- opaque/third
drwxr-xr-x part
-rw-r--r-- part/kept
lrwxrwxrwx part/link ../kept
drwxr-xr-x replaced
-rw-r--r-- replaced/second"
	assert_equal "$(grep '^\./' <<<"$output" | LC_ALL=C sort)" \
"./changed:second
./gone/third:third
./kept:first
./linked:first
./opaque/third:third
./part/kept:first
./replaced/second:second"
}

@test "a SIF of SingularityCE has the variables of its Docker image" {
	recorded singularity-4.1.1.sif
	print_recorded singularity-4.1.1.sif
	assert_status 0
	assert_contains "$DECLARED"
	assert_line './changed:second'
}

# bats test_tags=machine
@test "the files of the config show over io_uring" {
	need_uring
	run with_uring as_alice srun --sif-image=/shared/app.sif --sif-debug \
		/.singularity.d/runscript x
	assert_status 0
	assert_contains rings=
	assert_contains '<x>'
}

# In TREES/NAME: what a layer changes in the image.
make_layer() { # NAME
	local layer=$BATS_FILE_TMPDIR/$1
	mkdir -p "$layer"/{usr/bin,opt/app,work}
	echo "$1" >"$layer/usr/mark"
	mknod "$layer/usr/bin/wc" c 0 0
	echo "of $1" >"$layer/opt/app/$1"
	setfattr -n trusted.overlay.opaque -v y "$layer/opt"
	echo "$1" >"$layer/work/$1"
}

@test "layers lie over each other, an ext3 layer at the top" {
	make_layer second
	make_layer third
	echo 'a file' >"$BATS_FILE_TMPDIR/third/mnt"
	image_squashfs "$BATS_FILE_TMPDIR/second" "$BATS_FILE_TMPDIR/second.squashfs"
	mkdir -p "$BATS_FILE_TMPDIR/top"/{upper/usr/bin,work}
	cp -a "$BATS_FILE_TMPDIR/third/." "$BATS_FILE_TMPDIR/top/upper/"
	cp "$TREE/usr/bin/sed" "$BATS_FILE_TMPDIR/top/upper/usr/bin/again"
	image_ext3 "$BATS_FILE_TMPDIR/top" "$BATS_FILE_TMPDIR/top.ext3"
	oci_sif layers.sif "$TREE.squashfs" "$BATS_FILE_TMPDIR/second.squashfs" \
		"$BATS_FILE_TMPDIR/top.ext3" --config="$CONFIG"
	run as_alice srun --sif-image=/shared/layers.sif sh -c \
		'cat /usr/mark /mnt; ls /opt/app /work; ls /usr/bin/wc; echo a | again s/a/b/'
	assert_line third
	assert_line 'a file'
	assert_contains $'/opt/app:\nthird'
	assert_contains $'/work:\nsecond\nthird'
	assert_contains "cannot access '/usr/bin/wc'"
	assert_line b
	run as_alice srun --sif-image=/shared/layers.sif /.singularity.d/runscript x
	assert_output '<x>'
}

@test "a data container is mounted, and is no root" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo 'a datum' >"$BATS_TEST_TMPDIR/data/datum"
	image_squashfs "$BATS_TEST_TMPDIR/data" "$BATS_TEST_TMPDIR/data.squashfs"
	oci_sif data.sif "$BATS_TEST_TMPDIR/data.squashfs" --data
	run as_alice srun --sif-image=/shared/app.sif --sif-mount=/shared/data.sif:/data \
		sh -c 'cat /data/datum; ls -a /data'
	assert_status 0
	assert_line 'a datum'
	refute_line .singularity.d
	run as_alice srun --sif-image=/shared/data.sif true
	assert_failure
	assert_contains "cannot use the image '/shared/data.sif': it is a data container, without programs; show it with --sif-mount"
}

@test "an image for another architecture is refused at submission" {
	oci_sif other.sif "$TREE.squashfs" --arch=s390x
	run as_alice sbatch --sif-image=/shared/other.sif --wrap true
	assert_failure
	assert_contains "cannot use the image '/shared/other.sif': it is for s390x and this node is"
}

@test "JSON that was changed is refused at submission and on the node" {
	sed 's/"printf"/"printF"/' "$SHARED/app.sif" >"$SHARED/changed.sif"
	run as_alice srun --sif-image=/shared/changed.sif true
	assert_failure
	assert_contains "it is damaged: its OCI image config does not have its digest"
	# An image that sbatch has named is not inspected again.
	cp "$SHARED/app.sif" "$SHARED/late.sif"
	chmod 0666 "$SHARED/late.sif"
	run_job --sif-image=/shared/late.sif --wrap \
		'cat /shared/changed.sif >/shared/late.sif; srun true'
	assert_contains "error: spank_sif: cannot use the image '/shared/late.sif': it is damaged: its OCI image config does not have its digest"
}
