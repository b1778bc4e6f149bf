#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Variables: those of the image, those of the job, and which has precedence, as listed
# in spank/plugin/environment/rules.c; and what an image's scripts may do.

load ../lib/common
load ../lib/assert

ENVIRONMENT='export PLAIN=image
export SPACED="two  words, a comma"
export QUOTED="say \"hi\" it'\''s"
export LINES="first
second"
export EMPTY=
export PATH=/opt/conda/bin:$PATH
NOT_EXPORTED=1
export SLURM_PROCID=77 CUDA_VISIBLE_DEVICES=77 OMPI_MCA_btl=image
export HOST_SEEN="${HOST_ONLY-no}" SIF_SEEN="$SINGULARITY_NAME"'

IMAGE_PATH=/opt/conda/bin:/opt/docker/bin:/usr/local/bin:/usr/bin:/bin
IMAGE_PATH+=:/usr/local/sbin:/usr/sbin:/sbin

setup_file() {
	has_plugin || return 0
	printf '#!/bin/sh\necho "export CUDA_VISIBLE_DEVICES=$SLURM_LOCALID"\n' \
		>"$BATS_FILE_TMPDIR/prolog"
	cluster_start
	export TREES=$BATS_FILE_TMPDIR/trees
	make_image
	make_image_without_shell
	image_tree "$TREES/script"
}

teardown() {
	has_plugin || return 0
	stop_steps
	stop_other
	rm -rf "$SHARED"/{evaluated,script.sif}
}

make_image() {
	local tree=$TREES/image
	image_tree "$tree"
	image_add_singularity "$tree" "$ENVIRONMENT" \
		PATH=/opt/docker/bin:/usr/local/bin:/usr/bin:/bin \
		DOCKER=docker 'DOCKER_ODD=a "b" $c `d` \e' "DOCKER_SPACED=one  two" \
		LANGUAGE=image
	mkdir -p "$tree/opt/conda/bin"
	printf '#!/bin/sh\necho "only in the image: $*"\n' \
		>"$tree/opt/conda/bin/conda-only"
	chmod 0755 "$tree/opt/conda/bin/conda-only"
	image_sif "$tree" "$SHARED/image.sif" -comp lz4
}

# An image with a program that prints its variables, and without a shell.
make_image_without_shell() {
	local tree=$TREES/static
	mkdir -p "$tree/bin" "$tree/dev"
	compile -static -Os -x c -o "$tree/bin/show" - <<-'END'
	#include <stdio.h>
	#include <stdlib.h>

	int main(int argc, char *argv[])
	{
		const char *value;

		while (*++argv) {
			value = getenv(*argv);
			printf("%s=%s\n", *argv, value ? value : "(not set)");
		}
		return argc == 0;
	}
	END
	image_add_singularity "$tree" 'export PLAIN=image
export QUOTED="say \"hi\" it'\''s" LINES="first
second"
export COMPUTED=$(echo no)
if true; then export BRANCH=1; fi' PATH=/opt/docker/bin:/bin DOCKER=docker \
		'DOCKER_ODD=a "b" $c \e'
	image_sif "$tree" "$SHARED/static.sif" -comp lz4
}

# Prints the value of NAME in a task, with the given variables in the job.
value() { # NAME [VARIABLE=VALUE...] [-- SRUN-OPTION...]
	local name=$1 variables=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		variables+=("$1")
		shift
	done
	(($# == 0)) || shift
	run here env "${variables[@]}" srun --sif-image=image.sif "$@" \
		printenv "$name"
}

# Makes an image whose %environment is SCRIPT.
script_image() { # SCRIPT
	image_add_singularity "$TREES/script" "$1"
	image_sif "$TREES/script" "$SHARED/script.sif" -comp lz4
}

# --- what the image declares ---------------------------------------------------

@test "%environment: quotes, spaces, commas and newlines are kept" {
	value PLAIN
	assert_output image
	value SPACED
	assert_output "two  words, a comma"
	value QUOTED
	assert_output "say \"hi\" it's"
	value LINES
	assert_output $'first\nsecond'
	value EMPTY
	assert_status 0
	assert_output ""
	value NOT_EXPORTED
	assert_status 1
}

@test "ENV of a Docker image is set" {
	value DOCKER
	assert_output docker
	value DOCKER_ODD
	assert_output 'a "b" $c `d` \e'
	value DOCKER_SPACED
	assert_output "one  two"
}

@test "the image's PATH is used to find the command" {
	value PATH PATH=/only/of/the/job:/usr/local/bin:/usr/bin:/bin
	# Missing directories of the default are appended.
	assert_output "$IMAGE_PATH"
	run here srun --sif-image=image.sif conda-only a 'b c'
	assert_status 0
	assert_output "only in the image: a b c"
	run here srun -n2 --sif-image=image.sif sh -c 'conda-only $SLURM_PROCID'
	assert_line "only in the image: 0"
	assert_line "only in the image: 1"
}

@test "the runscript can be run, and libraries in /.singularity.d/libs are found" {
	run here srun --sif-image=image.sif /.singularity.d/runscript echo 'a  b'
	assert_output $'runscript: echo a  b\na  b'
	run here srun --sif-image=image.sif /singularity echo again
	assert_line again
	run here srun --sif-image=image.sif /.singularity.d/actions/exec echo exec
	assert_output exec
	value LD_LIBRARY_PATH LD_LIBRARY_PATH=/of/the/host
	assert_output /.singularity.d/libs
	value LD_LIBRARY_PATH -- --sif-env=LD_LIBRARY_PATH=/mine
	assert_output /mine:/.singularity.d/libs
}

# --- precedence ------------------------------------------------------------------

@test "1: the job's variables pass, except PATH, LD_LIBRARY_PATH and runtimes'" {
	run here env JOB='of the job' ODD=$'two\nlines, "quoted"' APPTAINER_CACHEDIR=/x \
		LD_LIBRARY_PATH=/x srun --sif-image=image.sif sh -c \
		'echo "$JOB"; echo "$ODD"; printenv APPTAINER_CACHEDIR; :'
	assert_output $'of the job\ntwo\nlines, "quoted"'
	# The scripts do not see them, either.
	value HOST_SEEN HOST_ONLY=yes
	assert_output no
}

@test "1: names that a shell cannot export pass, too" {
	run here bash -c 'hello() { echo "hello $1"; }; export -f hello
		srun --sif-image=image.sif bash -c "hello world"'
	assert_output "hello world"
}

@test "1: --sif-cleanenv keeps only variables of Slurm, MPI, GPUs and the user" {
	run here env JOB=1 LANG=de_DE PMIX_X=1 OMPI_X=1 CUDA_VISIBLE_DEVICES=3 TERM=dumb \
		http_proxy=p LANGUAGE=x srun --sif-cleanenv=yes --sif-image=image.sif env
	for line in LANG=C PMIX_X=1 OMPI_X=1 CUDA_VISIBLE_DEVICES=3 TERM=dumb \
		http_proxy=p HOME=/home/alice USER=alice PLAIN=image LANGUAGE=image \
		SLURM_PROCID=0; do
		assert_line "$line"
	done
	refute_contains JOB=1
	value JOB JOB=1 -- --sif-cleanenv=no
	assert_output 1
	value LANG LANG=de_DE -- --sif-cleanenv --sif-env=LANG
	assert_output de_DE
}

@test "1: HOME and USER are set for the user with --export=NONE" {
	run here srun --export=NONE --sif-image=image.sif printenv HOME USER
	assert_output $'/home/alice\nalice'
	run here srun --export=NONE --sif-home=/shared --sif-image=image.sif \
		printenv HOME USER
	assert_output $'/shared\nalice'
	run here srun --export=USER=x --sif-image=image.sif printenv HOME USER
	assert_output $'/home/alice\nx'
}

@test "2: the image's value overrides the job's unless it is protected" {
	value PLAIN PLAIN=job
	assert_output image
	value LANGUAGE LANGUAGE=job
	assert_output image
	value EMPTY EMPTY=job
	assert_status 1
	value SLURM_PROCID
	assert_output 0
	value CUDA_VISIBLE_DEVICES CUDA_VISIBLE_DEVICES=3 -- \
		--sif-nv=no --sif-rocm=no
	assert_output 3
	value CUDA_VISIBLE_DEVICES
	assert_status 1
	value OMPI_MCA_btl
	assert_output image
	value OMPI_MCA_btl OMPI_MCA_btl=job
	assert_output job
}

@test "3: SINGULARITYENV_ overrides the image, APPTAINERENV_ overrides both" {
	value PLAIN SINGULARITYENV_PLAIN='of \$the "job" $(id) ${nobody'
	assert_output 'of \$the "job" $(id) ${nobody'
	value PLAIN SINGULARITYENV_PLAIN='of \$the "job", not the $PLAIN'
	assert_output 'of $the "job", not the image'
	value PLAIN SINGULARITYENV_PLAIN=1 APPTAINERENV_PLAIN=2
	assert_output 2
	value NEW APPTAINERENV_NEW=$'a\nb'
	assert_output $'a\nb'
	value SINGULARITYENV_NEW SINGULARITYENV_NEW=1
	assert_status 1
	value HOME SINGULARITYENV_HOME=/x
	assert_output /home/alice
}

@test "3: the prefixes work with PREPEND_PATH, APPEND_PATH and PATH" {
	value PATH SINGULARITYENV_PREPEND_PATH=/first APPTAINERENV_APPEND_PATH=/last
	assert_output "/first:$IMAGE_PATH:/last"
	value PATH APPTAINERENV_PATH=/bin:/mine
	assert_output /bin:/mine
	value PATH APPTAINERENV_PATH='/foo:$PATH'
	assert_output "/foo:$IMAGE_PATH"
	value LD_LIBRARY_PATH APPTAINERENV_APPEND_LD_LIBRARY_PATH=/last
	assert_output /.singularity.d/libs:/last
}

@test "4: --sif-env overrides all of them, and NAME alone takes the job's value" {
	value PLAIN SINGULARITYENV_PLAIN=1 -- --sif-env=PLAIN=option
	assert_output option
	value PLAIN PLAIN=job -- --sif-env=PLAIN
	assert_output job
	value PLAIN -- '--sif-env=PLAIN=a\,b=c  d,OTHER=1'
	assert_output 'a,b=c  d'
	value PLAIN -- --sif-env=$'PLAIN=a\nb'
	assert_output $'a\nb'
	local path
	path=$(dirname "$(type -P srun)"):/bin:/job
	value PATH PATH="$path" -- --sif-env=PATH
	assert_output "$path"
	value PATH -- --sif-env=PREPEND_PATH=/first,APPEND_PATH=/last
	assert_output "/first:$IMAGE_PATH:/last"
	value LD_LIBRARY_PATH -- --sif-env=APPEND_LD_LIBRARY_PATH=/last
	assert_output /.singularity.d/libs:/last
	value PLAIN SPANK_SIF_ENV=PLAIN=variable
	assert_output variable
	value PLAIN -- --sif-env=PLAIN=1 --sif-env=PLAIN=2
	assert_output 2
}

@test "5: the container's variables override all: image, uuid, partition, names" {
	uuid=$(od -An -tx1 -j48 -N16 "$SHARED/image.sif" | tr -d ' \n')
	run here env SIF_IMAGE=forged APPTAINERENV_SINGULARITY_NAME=forged \
		srun --sif-image=./image.sif --sif-env=SIF_UUID=forged env
	assert_status 0
	refute_line SIF_UUID=forged
	for name in SINGULARITY_NAME APPTAINER_NAME SIF_NAME; do
		assert_line "$name=image.sif"
	done
	for name in SINGULARITY_CONTAINER APPTAINER_CONTAINER SIF_IMAGE; do
		assert_line "$name=/shared/image.sif"
	done
	assert_matches 'SIF_PARTITION=32768:[0-9]+'
	assert_equal "$(sed -n 's/^SIF_UUID=//p' <<<"$output" | tr -d -)" "$uuid"
	value SIF_SEEN
	assert_output image.sif
}

@test "a prompt can show the image, as the man page describes" {
	as_alice sh -c 'cat >~/.bashrc' <<-'END'
	PS1='\u$ '
	[ -z "$SIF_NAME" ] || PS1="($SIF_NAME) $PS1"
	END
	run here srun --sif-image=image.sif bash -i <<<exit
	assert_contains '(image.sif) alice$ '
	run here bash -i <<<exit
	assert_contains 'alice$ '
	refute_contains image.sif
	as_alice rm /home/alice/.bashrc
	# shellcheck disable=SC2016
	run here srun --sif-image=image.sif --sif-env='PS1=($SIF_NAME) $ ' \
		sh -i <<<exit
	assert_contains '(image.sif) $ '
}

@test "per-task variables differ between tasks" {
	run here srun -n4 --label --sif-image=image.sif sh -c \
		'echo $SLURM_PROCID $SLURM_LOCALID'
	for task in 0 1 2 3; do
		assert_matches "$task: $task [0-3]"
	done
}

@test "variables that a TaskProlog sets differ between tasks" {
	need_task_prolog
	start_other "" --conf=TaskProlog=/shared/prolog
	cp "$BATS_FILE_TMPDIR/prolog" "$OTHER/shared/"
	chmod 0755 "$OTHER/shared/prolog"
	run on_other srun -n4 --label --sif-image=image.sif sh -c \
		'echo $CUDA_VISIBLE_DEVICES'
	for task in 0 1 2 3; do
		assert_line "$task: $task"
	done
}

# --- an image without a shell ------------------------------------------------------

@test "without a shell, plain lines are read; others are skipped and reported" {
	run here srun --sif-image=static.sif --sif-debug /bin/show PLAIN QUOTED LINES \
		DOCKER DOCKER_ODD COMPUTED BRANCH PATH
	assert_status 0
	assert_line PLAIN=image
	assert_line "QUOTED=say \"hi\" it's"
	assert_contains $'LINES=first\nsecond'
	assert_line DOCKER=docker
	assert_line 'DOCKER_ODD=a "b" $c \e'
	assert_line "COMPUTED=(not set)"
	assert_matches "PATH=/opt/docker/bin:/bin"
	assert_matches "scripts of the image read, [1-9][0-9]* lines skipped"
	run --separate-stderr here srun -w node1 --sif-image=static.sif show PLAIN
	assert_output PLAIN=image
	# Of the text below "#!/bin/sh" and a comment.
	assert_equal "$stderr" "spank_sif: node1: warning: line 6 of '/.singularity.d/env/90-environment.sh' of the image is skipped, as the image has no shell: write plain assignments there"
}

@test "an image without /.singularity.d gets a PATH and the job's variables" {
	image_tree "$TREES/bare"
	image_squashfs "$TREES/bare" "$SHARED/bare.squashfs" -comp lz4
	run here env JOB=1 PATH=/usr/local/bin:/usr/bin:/nonesuch srun --sif-image=bare.squashfs \
		sh -c 'echo $JOB $PATH ${SIF_UUID-none} $SINGULARITY_NAME'
	assert_output "1 /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin none bare.squashfs"
}

# --- what scripts may do -----------------------------------------------------------

@test "scripts run once per node and step, whatever the number of tasks" {
	script_image 'echo "$$" >>/shared/evaluated; export ONCE=$$'
	run here srun -N1 -n8 --overcommit --sif-image=script.sif printenv ONCE
	assert_status 0
	assert_equal "$(sort -u <<<"$output" | wc -l)" 1
	assert_equal "$(wc -l <"$SHARED/evaluated")" 1
	run here srun -N2 -n4 --sif-image=script.sif true
	assert_equal "$(wc -l <"$SHARED/evaluated")" 3
}

@test "scripts run as the user, without capabilities, and print nothing to tasks" {
	script_image 'echo noise; echo "$(id -u) $(grep CapEff /proc/self/status)" \
		>>/shared/evaluated; export DONE=1; false; nonesuch-command'
	run --separate-stderr here srun --sif-image=script.sif printenv DONE
	assert_status 0
	assert_output 1
	assert_equal "$(<"$SHARED/evaluated")" \
		"2001 CapEff:	0000000000000000"
	start_step --chdir=/shared --sif-image=script.sif true <<<input
	wait_step
	refute_contains noise
}

@test "bash runs the scripts, as under Apptainer" {
	mkdir -p "$TREES/script/opt/tool"
	echo 'tool() { export "$1=$2"; }' >"$TREES/script/opt/tool/init.sh"
	script_image 'source /opt/tool/init.sh
tool FROM_TOOL yes
declare -A paths=([lib]=/opt/lib)
[[ -d /opt/tool && $HOME == /home/* ]] && export LIB=${paths[lib]}
for i in {1..3}; do LIB+=:$i; done'
	run --separate-stderr here srun --sif-image=script.sif printenv FROM_TOOL LIB
	assert_status 0
	assert_output $'yes\n/opt/lib:1:2:3'
	assert_equal "$stderr" ""
	run here srun --sif-image=script.sif --sif-debug true
	assert_contains "scripts of the image run by /bin/bash"
}

@test "a missing file and a syntax error are reported and do not end the step" {
	script_image $'export A=1; source /opt/nonesuch.sh\nexport B=2\nif'
	run --separate-stderr here srun -n4 --sif-image=script.sif printenv A B
	assert_status 0
	assert_equal "$(sort -u <<<"$output")" $'1\n2'
	output=$stderr
	assert_equal "$(grep -c 'nonesuch.sh: No such file' <<<"$stderr")" 1
	assert_matches "spank_sif: node1: warning: the image's environment: .*90-environment.sh: line [0-9]+: syntax error"
	script_image 'for i in {1..2000}; do echo "$i is a long line" >&2; done'
	run --separate-stderr here srun --sif-image=script.sif true
	assert_status 0
	assert_equal "$(wc -l <<<"$stderr")" 11
	output=$stderr
	assert_contains "more than that is left out"
}

@test "without bash in the image, syntax that its sh reads differently is reported" {
	image_tree "$TREES/dash" sh printenv
	image_add_singularity "$TREES/dash" $'export KEPT=1\n[[ -n $KEPT ]] && export LOST=1'
	image_sif "$TREES/dash" "$SHARED/script.sif" -comp lz4
	run --separate-stderr here srun -n2 --sif-image=script.sif printenv KEPT
	assert_status 0
	assert_output $'1\n1'
	output=$stderr
	# Below "#!/bin/sh" and a comment.
	assert_matches "^spank_sif: node1: warning: the image's environment: .*90-environment.sh: .*\[\[.* not found"
	assert_contains "warning: line 4 of '/.singularity.d/env/90-environment.sh' of the image has '[[', which its '/bin/sh' does not know: install bash in the image, or write it in a way that every shell knows"
	assert_equal "$(wc -l <<<"$stderr")" 2
	# Once, because the image is the same on every node.
	run here srun -N2 --sif-image=script.sif true
	assert_equal "$(grep -c 'does not know: install bash' <<<"$output")" 1
	script_image $'export A=1\r'
	run --separate-stderr here srun --sif-image=script.sif true
	output=$stderr
	assert_contains "line 3 of '/.singularity.d/env/90-environment.sh' of the image ends with a carriage return"
}

@test "a script does not read the step's input" {
	script_image 'read -r STOLEN; export STOLEN'
	run here srun --sif-image=script.sif sh -c 'echo "<$STOLEN>"; cat' <<<"the input"
	assert_output $'<>\nthe input'
}

@test "a script that exits ends the step, and the message names it" {
	script_image 'exit 3'
	run here srun -n3 --sif-image=script.sif true
	assert_failure
	assert_contains "'/.singularity.d/env/90-environment.sh' of the image ended with status 3"
	assert_equal "$(grep -c "ended with status 3" <<<"$output")" 1
	script_image "exec sh -c 'kill -SEGV \$\$'"
	run here srun --sif-image=script.sif true
	assert_failure
	assert_contains "was killed by signal 11"
	script_image 'export KEPT=1; exit 0'
	run here srun --sif-image=script.sif printenv KEPT
	assert_output 1
	nodes_become_idle
}

@test "a script that hangs is ended after the start timeout and leaves nothing" {
	script_image 'sleep 4321 & sleep 4321'
	start_other timeout=3
	run on_other srun -n2 --sif-image=script.sif true
	assert_failure
	assert_contains "'/.singularity.d/env/90-environment.sh' of the image was not done in time: does it wait for something?"
	no_sleepers() {
		[[ -z $("$CLUSTER_TOOL" exec "$OTHER" --user=root -- pgrep -f 'sleep 4321') ]]
	}
	wait_until 10 no_sleepers
}

@test "a process left by a script does not delay the step" {
	script_image 'sleep 4321 & export A=1'
	run timeout "$(scaled 60)" "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		srun --sif-image=script.sif printenv A
	assert_output 1
	no_sleepers() { [[ -z $(as_root pgrep -f 'sleep 4321') ]]; }
	wait_until 10 no_sleepers
}

# Takes a minute, and needs Apptainer.
@test "the table of constructs agrees with this machine's Apptainer" {
	type -P apptainer >/dev/null || skip "apptainer is not installed"
	[[ $(apptainer --version) == *" 1.4."* ]] ||
		skip "the values are those of Apptainer 1.4"
	image_tree "$TREES/compare"
	image_add_singularity "$TREES/compare" ""
	"$TESTS_LIB/compare-constructs" "$TREES/compare"
}

# --- reports -------------------------------------------------------------------------

@test "--sif-debug prints the value and the source of each variable" {
	run here env EMPTY=1 APPTAINERENV_X=1 srun --sif-debug --sif-cleanenv --sif-env=B=1 \
		--sif-image=image.sif true
	assert_contains "variable  PLAIN=image  from image (90-environment.sh)"
	assert_contains "variable  SPACED=two  words, a comma  from image (90-environment.sh)"
	assert_contains "variable  DOCKER=docker  from image (10-docker2singularity.sh)"
	assert_contains 'variable  LINES=first\012second  from image'
	assert_contains "variable  B=1  from --sif-env"
	assert_contains "variable  X=1  from SINGULARITYENV_/APPTAINERENV_"
	assert_matches "variables removed by --sif-cleanenv: .*"
	assert_matches "variables removed by .*: .*EMPTY"
	assert_contains "variable  SIF_IMAGE=/shared/image.sif  from container"
	run here srun --sif-debug --sif-env="LONG=$(printf '%01000d' 0)" \
		--sif-image=image.sif true
	assert_matches "variable  LONG=0{500}\.\.\.  from --sif-env"
}

@test "--sif-debug prints which script has set a variable if a shell runs them" {
	local shell
	image_add_singularity "$TREES/script" 'export FIRST=1 CHANGED=1
		export QUOTED="it'\''s
		export KEPT=no"' DOCKER=docker
	echo 'CHANGED=$(echo 2); export KEPT=yes; exit 0' \
		>"$TREES/script/.singularity.d/env/91-more.sh"
	for shell in bash sh; do
		[[ $shell == bash ]] || rm "$TREES/script/usr/bin/bash"
		image_sif "$TREES/script" "$SHARED/script.sif" -comp lz4
		run here srun --sif-debug --sif-image=script.sif sh -c \
			'env | grep sif_; exit 0'
		assert_status 0
		assert_contains "run by /"
		assert_contains "variable  DOCKER=docker  from image (10-docker2singularity.sh)"
		assert_contains "variable  FIRST=1  from image (90-environment.sh)"
		assert_contains "variable  CHANGED=2  from image (91-more.sh)"
		assert_contains "variable  KEPT=yes  from image (91-more.sh)"
		refute_contains __sif
	done
	image_add_program "$TREES/script" bash
	rm "$TREES/script/.singularity.d/env/91-more.sh"
}

@test "--sif-debug prints a checksum that shows whether nodes differ" {
	script_image 'export NODE=$(hostname)'
	run here srun -N2 --sif-debug --sif-image=script.sif true
	assert_status 0
	assert_equal "$(sed -n "s/.*; mounts and variables //p
		s/.*node1: mounts and variables //p" <<<"$output" | sort -u | wc -l)" 2
}
