#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# Images and jobs: the default of a job, the batch script, arrays, heterogeneous jobs,
# steps side by side, and joining a running step.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start
	export TREES=$BATS_FILE_TMPDIR/trees
	local tree=$TREES/small
	image_tree "$tree"
	echo small >"$tree/usr/mark"
	image_sif "$tree" "$SHARED/small.sif" -comp lz4
	echo other >"$tree/usr/mark"
	image_sif "$tree" "$SHARED/other.sif" -comp lz4
}

teardown() {
	has_plugin || return 0
	stop_steps
	stop_other
	rm -rf "$SHARED"/{job,out,go,pid,array.*,place}
}

script() { # LINE...
	printf '%s\n' '#!/bin/sh' "$@" >"$SHARED/job"
}

# Starts a step in small.sif that runs until it is ended, and sets $joined to its id.
start_joinable() { # SRUN-OPTION...
	start_step --chdir=/shared --sif-image=/shared/small.sif "$@" sh -c \
		'echo mine >/tmp/mine; echo $SLURM_JOB_ID.$SLURM_STEP_ID >>pid
		exec sleep 1000'
	wait_for_lines "$SHARED/pid"
	joined=$(head -n 1 "$SHARED/pid")
	job=${joined%.*}
}

# --- the default of a job --------------------------------------------------------

@test "#SBATCH: the script runs on the host, its sruns in the image" {
	script '#SBATCH --sif-image=small.sif' 'ls /usr/mark' 'srun cat /usr/mark' \
		'srun --sif-image=other.sif cat /usr/mark' \
		'srun --sif-image=none ls /usr/mark' \
		'SPANK_SIF_IMAGE=/shared/other.sif srun cat /usr/mark' \
		'export SPANK_SIF_IMAGE=none; srun ls /usr/mark'
	run_job job
	assert_equal "$(grep -c "cannot access '/usr/mark'" <<<"$output")" 3
	assert_line small 1
	assert_line other 2
}

@test "sbatch's option wins over #SBATCH, and sbatch --sif-image=none undoes it" {
	script '#SBATCH --sif-image=small.sif' '#SBATCH --sif-env=A=1' \
		'srun sh -c "cat /usr/mark; echo A=\$A B=\$B"'
	run_job --sif-image=other.sif --sif-env=B=2 job
	assert_output $'other\nA=1 B=2'
	run_job --sif-image=none job
	assert_contains "/usr/mark: No such file"
}

@test "all options of sbatch reach its sruns and are combined with theirs" {
	as_alice mkdir -p /shared/place/d
	script '#SBATCH --sif-image=small.sif' '#SBATCH --sif-bind=place:/mnt/1' \
		'#SBATCH --sif-tmp=private' '#SBATCH --sif-env=A=1' \
		'#SBATCH --sif-workdir=/opt' \
		'cd /; srun --sif-bind=/shared/place/d:/mnt/2 --sif-env=B=2 sh -c \
			"pwd; ls /mnt /tmp; echo \$A \$B"'
	run_job job
	assert_output $'/opt\n/mnt:\n1\n2\n\n/tmp:\n1 2'
}

@test "salloc: its shell is on the host, its sruns are in the image" {
	run here salloc --quiet --sif-image=small.sif sh -c \
		'ls /usr/mark; srun cat /usr/mark; srun --sif-image=other.sif cat /usr/mark
		srun --sif-image=none ls /usr/mark; cd /tmp; srun cat /usr/mark'
	assert_line small 2
	assert_line other 1
	assert_equal "$(grep -c "cannot access '/usr/mark'" <<<"$output")" 2
}

@test "salloc with an interactive step: on the host, or in the image on request" {
	start_other "" --conf=LaunchParameters=use_interactive_step \
		--conf=InteractiveStepOptions="\"--interactive --preserve-env sh\""
	run on_other salloc --quiet --sif-image=small.sif <<<'ls /usr/mark; srun cat /usr/mark'
	assert_contains "cannot access '/usr/mark'"
	assert_contains small
	run on_other salloc --quiet --sif-image=small.sif --sif-batch=image \
		<<<'cat /usr/mark'
	assert_contains small
	refute_contains "cannot access"
}

# --- the batch script ------------------------------------------------------------

@test "--sif-batch=image: the script runs inside with its arguments, \$0 and input" {
	# shellcheck disable=SC2016
	script '#SBATCH --sif-image=small.sif' '#SBATCH --sif-batch=image' \
		'cat /usr/mark; echo "$# $1 $2"; pwd; test -r "$0" && grep -c SBATCH "$0"' \
		'grep CapEff /proc/self/status; exit 7'
	run_job job one 'two words'
	assert_status 7
	assert_output $'small\n2 one two words\n/shared\n3\nCapEff:\t0000000000000000'
	run_job --sif-batch=host job
	assert_line "2  " 0
	assert_contains "/usr/mark: No such file"
}

@test "--sif-batch=image: an interpreter of the image and --wrap work" {
	run_job --sif-image=small.sif --sif-batch=image --wrap='cat /usr/mark'
	assert_output small
	{
		echo '#!/usr/bin/env bash'
		echo 'echo $BASH_VERSION >/dev/null; cat /usr/mark'
	} >"$SHARED/job"
	run_job --sif-image=small.sif --sif-batch=image job
	assert_output small
}

@test "--sif-batch=image: a missing interpreter is reported" {
	mkdir -p "$TREES/static/dev"
	compile_static "$TREES/static/program"
	image_sif "$TREES/static" "$SHARED/static.sif"
	script 'true'
	run_job --sif-image=static.sif --sif-batch=image job
	assert_failure
	assert_contains "No such file or directory"
	rm "$SHARED/static.sif"
	nodes_become_idle
}

# --- arrays and components -------------------------------------------------------

@test "each task of an array has the image" {
	script '#SBATCH --sif-image=small.sif' '#SBATCH --array=1-3' \
		'srun sh -c "cat /usr/mark; echo \$SLURM_ARRAY_TASK_ID" >array.$SLURM_ARRAY_TASK_ID'
	run_job job
	for i in 1 2 3; do
		assert_equal "$(<"$SHARED/array.$i")" small$'\n'"$i"
	done
}

@test "a heterogeneous job has a default for each component; srun can change it" {
	script '#SBATCH --sif-image=small.sif' '#SBATCH -n1' '#SBATCH hetjob' \
		'#SBATCH -n1' 'cd /tmp' \
		'srun --het-group=0,1 cat /usr/mark' \
		'srun --het-group=1 --sif-image=/shared/other.sif cat /usr/mark' \
		'srun --het-group=0 --sif-image=none ls /usr/mark'
	run_job job
	assert_line small 2
	assert_line other 1
	assert_equal "$(grep -c "cannot access '/usr/mark'" <<<"$output")" 1
}

@test "the components of one command must have the same image" {
	run here srun -n1 --sif-image=small.sif cat /usr/mark : \
		-n1 cat /usr/mark
	assert_status 0
	assert_line small 2
	run here srun -n1 --sif-image=small.sif true : -n1 --sif-image=other.sif true
	assert_failure
	assert_contains "--sif-image=/shared/other.sif: all components of a command have the same options, and the first has '/shared/small.sif'"
	assert_contains "give each an srun of its own (--het-group)"
	run here srun -n1 true : -n1 --sif-image=other.sif true
	assert_failure
	assert_contains "the first has 'none'"
	run here srun -n1 --sif-image=small.sif true : -n1 --sif-image=none true
	assert_failure
}

@test "--overlap: several steps of a job have different images" {
	# shellcheck disable=SC2016
	run here salloc --quiet -n1 --sif-image=small.sif sh -c \
		'srun --overlap sh -c "cat /usr/mark; echo >go; sleep 1000" & pid=$!
		until test -e go; do sleep 0.1; done
		srun --overlap --sif-image=other.sif cat /usr/mark
		srun --overlap cat /usr/mark
		srun --overlap --sif-image=none ls /usr/mark
		scancel $SLURM_JOB_ID.0; wait $pid; exit 0'
	assert_line small 2
	assert_line other 1
	assert_contains "cannot access '/usr/mark'"
}

@test "sattach shows the output of a step in an image" {
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c \
		'echo $SLURM_JOB_ID.$SLURM_STEP_ID >pid
		until test -e go; do sleep 0.1; done; cat /usr/mark'
	wait_for_lines "$SHARED/pid"
	here sattach "$(<"$SHARED/pid")" >"$BATS_TEST_TMPDIR/attached" 2>&1 3>&- &
	attached=$!
	attached_has_begun() {
		as_root pgrep -x sattach >/dev/null
	}
	wait_until 10 attached_has_begun
	wait_until 20 sh -c "test -s '$BATS_TEST_TMPDIR/attached' || touch '$SHARED/go'"
	wait_step
	assert_line small
	wait "$attached" || true
}

refute_drained() {
	[[ $(as_root sinfo --noheader --format=%t) != *drain* ]]
}

# --- joining a step ---------------------------------------------------------------

@test "--sif-join enters the namespace of a step, without another server" {
	start_joinable --sif-tmp=private
	before=$(server_pids)
	run here srun --jobid="$job" --overlap --sif-join="$joined" sh -c \
		'cat /usr/mark /tmp/mine; readlink /proc/self/ns/mnt
		echo $SIF_IMAGE $SINGULARITY_NAME; grep -E "CapEff|NoNewPrivs" /proc/self/status
		echo $SLURM_STEP_ID; pwd'
	assert_status 0
	assert_line small
	assert_line mine
	assert_line "/shared/small.sif small.sif"
	assert_line "CapEff:	0000000000000000"
	assert_line "NoNewPrivs:	1"
	assert_line 1
	assert_line /shared
	assert_line "$(as_root readlink "/proc/$(as_root pgrep -x sleep)/ns/mnt")"
	assert_equal "$(server_pids)" "$before"
	# By step id alone, with several tasks, with options in the environment.
	run here srun --jobid="$job" --overlap -n2 --overcommit --sif-join="${joined#*.}" \
		cat /tmp/mine
	assert_line mine 2
	run here env SPANK_SIF_JOIN="$joined" SPANK_SIF_IMAGE=other.sif \
		SPANK_SIF_BIND=/nonesuch srun --jobid="$job" --overlap \
		cat /usr/mark
	assert_output small
	run here srun --jobid="$job" --overlap --sif-join="$joined" --sif-env=B=2 \
		sh -c 'echo $B'
	assert_output 2
	run here srun --jobid="$job" --overlap -n2 --overcommit --sif-join="$joined" \
		nonesuch
	assert_failure
	assert_equal "$(grep -c "there is no 'nonesuch' inside the image" <<<"$output")" 1
	run here srun --jobid="$job" --overlap --sif-join=none ls /usr/mark
	assert_failure
}

@test "options of srun that --sif-join cannot apply are refused" {
	for option in image=none bind=/shared mount=small.sif:/mnt home=no \
		tmp=private writable-tmpfs nv=no rocm=no batch=image host-mount=no; do
		run here srun --sif-join=7.0 "--sif-$option" true
		assert_failure
		assert_contains "error: spank_sif: --sif-${option%%=*} has no effect with --sif-join (or SPANK_SIF_JOIN)"
		refute_contains node1
	done
	run here env SPANK_SIF_JOIN=7.0 srun --sif-tmp=private true
	assert_failure
	assert_contains "--sif-tmp has no effect with --sif-join"
	run here srun --sif-join=7.0 --sif-tmp=private --sif-join=none \
		--sif-image=small.sif echo free
	assert_output free
}

@test "--sif-join accepts options that have an effect or are the job's defaults" {
	start_joinable
	run here srun --jobid="$job" --overlap --sif-join="$joined" --sif-debug \
		--sif-cleanenv --sif-env=A=1 --sif-workdir=/usr \
		sh -c 'cat mark; echo $A $LANG'
	assert_status 0
	assert_line small
	assert_line "1 C"
	assert_contains "step joined"
	# salloc's options are for the sruns that do not join.
	run here env SPANK_SIF_TMP=private salloc --quiet -w node1 \
		--sif-image=other.sif --sif-bind=/nonesuch --sif-writable-tmpfs sh -c \
		"srun --sif-join=$joined cat /usr/mark"
	assert_status 0
	assert_output small
}

@test "sbatch and salloc refuse --sif-join and ignore the variable" {
	for command in 'sbatch --wrap=true' 'salloc true'; do
		# shellcheck disable=SC2086
		run here ${command% true} --sif-join=7.0 ${command#"${command% true}"}
		assert_failure
		assert_contains "error: spank_sif: --sif-join works with srun only"
		refute_contains Submitted
		refute_contains Granted
	done
	start_joinable
	run here env SPANK_SIF_JOIN="$joined" sbatch --quiet -w node1 \
		--output=/dev/null --sif-batch=image --sif-image=other.sif \
		--wrap='cat /usr/mark >>/shared/out'
	assert_status 0
	wait_for_lines "$SHARED/out"
	assert_equal "$(<"$SHARED/out")" other
	run here env SPANK_SIF_JOIN="$joined" salloc --quiet -w node1 \
		--sif-image=other.sif sh -c \
		'srun cat /usr/mark; SPANK_SIF_JOIN=none srun cat /usr/mark'
	assert_output $'small\nother'
}

@test "the end of a joined step does not end the other" {
	start_joinable
	run here srun --jobid="$job" --overlap --sif-join="$joined" sh -c 'exit 5'
	assert_status 5
	run here srun --jobid="$job" --overlap --sif-join="$joined" cat /usr/mark
	assert_output small
	as_alice scancel "$joined"
	wait_step
	wait_until 10 no_servers
}

@test "--sif-join shares the layer of a writable container" {
	start_joinable --sif-writable-tmpfs
	run here srun --jobid="$job" --overlap --sif-join="$joined" sh -c \
		'echo changed >/usr/mark'
	assert_status 0
	run here srun --jobid="$job" --overlap --sif-join="$joined" cat /usr/mark
	assert_output changed
}

@test "a batch script in an image can be joined" {
	script 'echo $SLURM_JOB_ID >pid; exec sleep 1000'
	run here sbatch --quiet -w node1 --output=/dev/null --sif-image=small.sif \
		--sif-batch=image job
	assert_status 0
	wait_for_lines "$SHARED/pid"
	job=$(<"$SHARED/pid")
	run here srun --jobid="$job" --overlap --sif-join="$job.batch" cat /usr/mark
	assert_output small
	as_alice scancel "$job"
}

@test "a step cannot be joined if unknown, without an image, ended, of another job" {
	start_joinable
	for step in "$job.99" 99.0 "$job.batch" "$job.interactive" 99; do
		run here srun --jobid="$job" --overlap -n2 --overcommit \
			--sif-join="$step" true
		assert_failure
		assert_equal "$(grep -c "cannot join the step $step: none of its processes runs in an image on this node (scontrol show step [0-9]* lists" <<<"$output")" 1
	done
	run here srun --overlap -w node1 --sif-join="$joined" cat /usr/mark
	assert_output small # of another job of the same user, on the same node
	refute_drained
}

@test "a step of another user cannot be joined, whatever is set" {
	start_joinable
	run as_bob srun --overlap -w node1 --chdir=/tmp --sif-join="$joined" cat /tmp/mine
	assert_failure
	assert_contains "cannot join the step $joined"
	run as_bob env SLURM_SIF_JOIN="$joined" SPANK_SIF_JOIN="$joined" \
		srun --overlap -w node1 --chdir=/tmp true
	assert_failure
	assert_contains "cannot join the step $joined"
}

@test "a process that resembles a step's but is not in an image is not joined" {
	run here salloc --quiet -n1 sh -c \
		'srun --overlap sh -c "echo >go; sleep 1000" & pid=$!
		until test -e go; do sleep 0.1; done
		srun --overlap --sif-join=0 true; echo "status $?"
		scancel $SLURM_JOB_ID.0; wait $pid; exit 0'
	assert_line "status 1"
	assert_contains "none of its processes runs in an image on this node"
}
