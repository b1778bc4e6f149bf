#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What Slurm promises about a step holds in a container, too: status, input and
# output, signals, the other steps of the job.

load ../lib/common
load ../lib/assert

KILL_WAIT_S=4

setup_file() {
	has_plugin || return 0
	cluster_start --conf=TaskPlugin=task/affinity --conf=KillWait=$KILL_WAIT_S \
		--conf=OverTimeLimit=0
	local tree=$BATS_FILE_TMPDIR/tree
	image_tree "$tree" "${IMAGE_PROGRAMS[@]}" date dd cut taskset
	echo "only in the image" >"$tree/usr/mark"
	printf '#!/bin/sh\necho "a program of the image: $*"\n' \
		>"$tree/usr/bin/image-only"
	chmod 0755 "$tree/usr/bin/image-only"
	printf '#!/bin/sh\necho the one of the image\n' >"$tree/usr/bin/both"
	chmod 0755 "$tree/usr/bin/both"
	image_sif "$tree" "$SHARED/small.sif" -comp lz4
	echo "only in the other" >"$tree/usr/mark"
	image_sif "$tree" "$SHARED/other.sif" -comp lz4
	as_root sh -c 'printf "#!/bin/sh\necho the one of the host\n" >/usr/bin/both
		chmod 0755 /usr/bin/both'
}

teardown() {
	has_plugin || return 0
	stop_other
	stop_steps
	rm -f "$SHARED"/{log,out,pids,warned,go,job}
}

run_batch() { # SBATCH-OPTION... <SCRIPT
	cat >"$SHARED/job"
	run_job "$@" job
}

# --- status ------------------------------------------------------------------

@test "exit codes are kept: 0, 1, 7, 126, 255, and the largest of several" {
	for code in 0 1 7 126 255; do
		run in_image small sh -c "exit $code"
		assert_status "$code"
	done
	run in_image small -n4 sh -c 'exit $SLURM_PROCID'
	assert_status 3
}

@test "a task ended by a signal is reported as without the option" {
	for signal in KILL SEGV TERM; do
		run as_alice srun sh -c "kill -$signal \$\$"
		without=$status
		run in_image small sh -c "kill -$signal \$\$"
		assert_status "$without"
		refute_contains "spank_sif"
	done
}

@test "a command that does not exist fails as without the option" {
	run as_alice srun nonesuch
	without=$status
	run in_image small nonesuch
	assert_status "$without"
	assert_contains nonesuch
}

@test "--kill-on-bad-exit, --wait: a failing task ends the others" {
	local task='[ $SLURM_PROCID != 1 ] || exit 9; sleep 1000'
	run as_alice srun -n3 --kill-on-bad-exit sh -c "$task"
	without=$status
	run in_image small -n3 --kill-on-bad-exit sh -c "$task"
	assert_status "$without"
	assert_contains "task 1: Exited with exit code 9"
	run in_image small -n3 --wait=1 sh -c '[ $SLURM_PROCID = 1 ] || sleep 1000'
	assert_contains "First task exited 1s ago"
	refute_contains "image server"
}

# --- input and output --------------------------------------------------------

@test "100 MB pass unchanged through standard input and output" {
	head -c 100M /dev/urandom >"$BATS_TEST_TMPDIR/input"
	in_image small cat <"$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/output"
	cmp "$BATS_TEST_TMPDIR/input" "$BATS_TEST_TMPDIR/output"
	rm "$BATS_TEST_TMPDIR"/{input,output}
}

@test "end of input is seen; a reader that stops early does not block the writer" {
	run in_image small wc -c <<<"12345"
	assert_output 6
	run timeout "$(scaled 20)" bash -c "head -c 20M /dev/zero | '$CLUSTER_TOOL' exec \
		'$CLUSTER' -- srun --sif-image=/shared/small.sif head -c 3 | wc -c"
	assert_status 0
	assert_output 3
}

@test "--input, --output and --error use files of the host" {
	echo "the input" >"$SHARED/go"
	run in_image small --chdir=/shared --input=/shared/go \
		--output=/shared/out --error=/shared/log sh -c 'cat; echo "the error" >&2'
	assert_status 0
	assert_output ""
	assert_equal "$(<"$SHARED/out")" "the input"
	assert_equal "$(<"$SHARED/log")" "the error"
}

@test "standard error and standard output are separate" {
	run --separate-stderr in_image small sh -c 'echo out; echo err >&2'
	assert_output out
	assert_equal "$stderr" err
}

@test "--label, --input=none and --input for one task work" {
	run in_image small --label -n3 sh -c 'echo "$SLURM_PROCID"'
	assert_line "0: 0"
	assert_line "1: 1"
	assert_line "2: 2"
	run in_image small --input=none cat <<<"not seen"
	assert_output ""
	run in_image small --label --input=1 -n2 cat <<<"for one"
	assert_output "1: for one"
}

@test "--pty gives a terminal with its size and Ctrl-C" {
	run script -qec "stty rows 33 cols 77; '$CLUSTER_TOOL' exec '$CLUSTER' -- \
		srun --pty --sif-image=/shared/small.sif sh -c \
		'tty; test -t 0 && test -t 1 && test -t 2 && cat /usr/mark'" /dev/null
	assert_status 0
	assert_contains /dev/pts/
	assert_contains "only in the image"
	run script -qec "'$CLUSTER_TOOL' exec '$CLUSTER' -- srun --pty \
		--sif-image=/shared/small.sif sh -c 'echo gone >/dev/tty; exit 5'" /dev/null
	assert_status 5
	assert_contains gone
}

# --- directory and command ---------------------------------------------------

@test "--chdir, SLURM_SUBMIT_DIR and PWD are as without the option" {
	as_alice mkdir -p /shared/place
	run in_image small --chdir=/shared/place sh -c 'pwd; echo $PWD'
	assert_output $'/shared/place\n/shared/place'
	run in_image small --chdir=/tmp pwd
	assert_output /tmp
	rmdir "$SHARED/place"
}

@test "--multi-prog works" {
	cat >"$SHARED/job" <<-'END'
	0 image-only %t
	1-2 cat /usr/mark
	3 echo %o
	END
	run in_image small -n4 --label --multi-prog /shared/job
	assert_status 0
	assert_line "0: a program of the image: 0"
	assert_line "1: only in the image"
	assert_line "2: only in the image"
	assert_line "3: 0"
}

@test "a command that exists only in the image is found in PATH" {
	run in_image small image-only with arguments
	assert_status 0
	assert_output "a program of the image: with arguments"
}

@test "a command that exists in both is the image's" {
	run as_alice srun both
	assert_output "the one of the host"
	run in_image small both
	assert_output "the one of the image"
	run in_image small /usr/bin/both
	assert_output "the one of the image"
}

@test "a relative command is resolved in the working directory" {
	printf '#!/bin/sh\necho "in the working directory"; cat /usr/mark\n' \
		>"$SHARED/job"
	chmod 0755 "$SHARED/job"
	run in_image small --chdir=/shared ./job
	assert_output $'in the working directory\nonly in the image'
}

# --- environment -------------------------------------------------------------

@test "the environment is the same except for variables of the step and the image" {
	run --separate-stderr as_alice salloc --quiet -n1 bash -c '
		e() { srun -n1 "$@" env | grep -vE "^(SLURM_(STEP_ID|STEPID|\
STEP_LAUNCHER_PORT|SRUN_COMM_PORT|TASK_PID|STEP_RESV_PORTS)|_SLURM_SPANK_OPTION_[a-z_]*|\
SLURM_SPANK_[A-Za-z_]*|SPANK_SIF_IMAGE|SLURM_SIF_IMAGE|SIF_[A-Z]*|\
(SINGULARITY|APPTAINER)_(NAME|CONTAINER)|PATH|LD_LIBRARY_PATH)=" | sort; }
		diff <(e) <(e --sif-image=/shared/small.sif) && e | wc -l'
	assert_status 0
	((output > 20))
}

@test "--export=NONE and --export=NAME=VALUE work" {
	run as_user alice env MINE=1 srun --export=NONE \
		--sif-image=/shared/small.sif /bin/sh -c 'echo "${MINE-unset}"; /bin/cat /usr/mark'
	assert_status 0
	assert_line unset
	assert_line "only in the image"
	run in_image small --export=ALL,MINE=2 sh -c 'echo "${MINE-unset}"'
	assert_output 2
}

@test "a step started within a step does not inherit the option" {
	run as_alice salloc --quiet -n1 sh -c '
		srun --sif-image=/shared/small.sif cat /usr/mark
		srun cat /usr/mark'
	assert_line "only in the image"
	assert_contains "cat: /usr/mark: No such file or directory"
}

@test "--mpi=pmi2: its variables and its socket are available" {
	run in_image small --mpi=pmi2 -n2 sh -c '
		env | grep -E "^PMI_(RANK|SIZE)="; readlink /proc/self/fd/$PMI_FD'
	assert_status 0
	assert_line PMI_RANK=0
	assert_line PMI_RANK=1
	assert_line PMI_SIZE=2 2
	assert_equal "$(grep -c '^socket:' <<<"$output")" 2
}

# --- binding -----------------------------------------------------------------

@test "CPU binding is the same as without the option" {
	run as_alice salloc --quiet -N1 -n2 bash -c '
		c() { srun --label --cpu-bind="$1" "${@:2}" grep Cpus_allowed_list \
			/proc/self/status | sort; }
		for bind in none map_cpu:1,0 mask_cpu:0x2,0x1; do
			c $bind >/shared/out
			c $bind --sif-image=/shared/small.sif | diff /shared/out - || exit
			cat /shared/out
		done'
	assert_status 0
	assert_line "0: Cpus_allowed_list:	1" 2
	assert_line "1: Cpus_allowed_list:	0" 2
}

# --- the steps of a job ------------------------------------------------------

@test "salloc: its option applies to every step, its shell is on the host" {
	run as_alice salloc --quiet --sif-image=/shared/small.sif sh -c '
		test ! -e /usr/mark && echo "on the host"
		srun cat /usr/mark; srun --sif-image=/shared/other.sif cat /usr/mark
		srun --sif-image=none sh -c "test ! -e /usr/mark && echo host again"'
	assert_status 0
	assert_output $'on the host\nonly in the image\nonly in the other\nhost again'
}

@test "--overlap: a second step beside the first has its own container" {
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c '
		echo "$SLURM_JOB_ID" >pids
		until test -e go; do sleep 0.1; done; cat /usr/mark'
	wait_for_lines "$SHARED/pids"
	run as_alice srun --overlap --jobid="$(<"$SHARED/pids")" \
		--sif-image=/shared/other.sif cat /usr/mark
	assert_status 0
	assert_output "only in the other"
	run as_alice srun --overlap --jobid="$(<"$SHARED/pids")" \
		sh -c 'test -e /usr/mark || echo host'
	assert_output host
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_line "only in the image"
}

# A slurmstepd of the job manages its steps, from 24.05 on; squeue does not list them.
# RunInJob is as old.
@test "--stepmgr: steps are in the image, and can be joined; RunInJob: the sweep runs" {
	# The help of 24.11 does not list it.
	(($(slurm_release) >= 2405)) ||
		skip "salloc of $(slurmd -V) has no --stepmgr"
	start_other '' --conf=PrologFlags=RunInJob \
		--plugstack-after='required spank_sif_sweep.so'
	"$CLUSTER_TOOL" exec "$OTHER" --user=root -- \
		mkdir -p /run/spank-sif/91.0.1/image
	run on_other timeout "$(scaled 60)" salloc --quiet --stepmgr -n1 sh -c '
		srun --overlap --sif-image=small.sif sh -c \
			"echo x >pids; until [ -e go ]; do sleep 0.1; done" &
		until [ -s pids ]; do sleep 0.1; done
		scontrol show step "$SLURM_JOB_ID" | grep -c "^StepId=$SLURM_JOB_ID.0 "
		srun --overlap --sif-join=0 cat /usr/mark
		touch go; wait'
	assert_status 0
	assert_output $'1\nonly in the image'
	wait_until 20 "$CLUSTER_TOOL" exec "$OTHER" --user=root -- \
		test ! -e /run/spank-sif/91.0.1
}

# Errors are in the step's output, because nothing waits for it.
@test "srun --async: the step is in the image, can join and be joined" {
	[[ $(as_alice srun --help) == *--async* ]] ||
		skip "srun of $(slurmd -V) has no --async"
	start_other '' --conf=PrologFlags=Contain \
		--conf=SlurmctldParameters=enable_stepmgr
	run on_other timeout "$(scaled 60)" salloc --quiet --stepmgr -n1 sh -c '
		srun --async --output=out --sif-image=small.sif sh -c \
			"cat /usr/mark; until [ -e go ]; do sleep 0.1; done"
		until [ -s out ]; do sleep 0.1; done
		srun --overlap --sif-join=0 cat /usr/mark
		srun --overlap --async --output=joined --sif-join=0 cat /usr/mark
		until [ -s joined ]; do sleep 0.1; done; touch go
		srun --async --output=wrong --sif-image=absent.sif cat /usr/mark
		until [ -s wrong ]; do sleep 0.1; done'
	assert_status 0
	assert_line "only in the image"
	assert_equal "$(<"$OTHER/shared/out")" "only in the image"
	assert_equal "$(<"$OTHER/shared/joined")" "only in the image"
	grep "cannot open the image '/shared/absent.sif'" "$OTHER/shared/wrong"
}

@test "sbatch: the script is on the host, srun uses the default of #SBATCH" {
	run_batch <<-'END'
	#!/bin/sh
	#SBATCH --sif-image=/shared/small.sif
	#SBATCH --ntasks=2
	test ! -e /usr/mark && echo "the script is on the host"
	srun cat /usr/mark
	srun -n1 --sif-image=/shared/other.sif cat /usr/mark
	srun -n1 --sif-image=none sh -c 'test -e /usr/mark || echo on the host'
	END
	assert_status 0
	assert_output "the script is on the host
only in the image
only in the image
only in the other
on the host"
}

@test "sbatch: the command line has precedence over #SBATCH" {
	run_batch --sif-image=/shared/other.sif <<-'END'
	#!/bin/sh
	#SBATCH --sif-image=/shared/small.sif
	srun cat /usr/mark
	END
	assert_output "only in the other"
	run_batch --sif-image=none <<-'END'
	#!/bin/sh
	#SBATCH --sif-image=/shared/small.sif
	srun sh -c 'test -e /usr/mark || echo on the host'
	END
	assert_output "on the host"
}

@test "sbatch --export=NONE: the steps are still in the image" {
	run_batch --export=NONE --sif-image=/shared/small.sif <<-'END'
	#!/bin/sh
	test -e /usr/mark || echo "on the host"
	srun /bin/cat /usr/mark
	END
	assert_status 0
	assert_output $'on the host\nonly in the image'
}

@test "each job of a job array is in the image" {
	cat >"$SHARED/job" <<-'END'
	#!/bin/sh
	srun sh -c 'echo "$SLURM_ARRAY_TASK_ID: $(cat /usr/mark)"'
	END
	"$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- sbatch --quiet --wait \
		--array=1-2 --output=out --open-mode=append \
		--sif-image=small.sif job
	read_output "$SHARED/out"
	assert_line "1: only in the image"
	assert_line "2: only in the image"
}

@test "sbatch resolves a relative image path in its own directory" {
	run_batch --sif-image=small.sif <<-'END'
	#!/bin/sh
	srun cat /usr/mark
	END
	assert_output "only in the image"
}

@test "a batch job runs a step on two nodes" {
	run_batch --sif-image=/shared/small.sif -N2 <<-'END'
	#!/bin/sh
	srun -N2 --ntasks-per-node=1 cat /usr/mark
	END
	assert_line "only in the image" 2
}

# --- signals -----------------------------------------------------------------

# Writes each signal to /shared/log and goes on.
TRAPS='
	for s in USR1 USR2 HUP INT TERM CONT; do
		trap "echo $s >>log; cat /usr/mark >>log" $s
	done
	echo $$ >>pids
	until [ -e go ]; do sleep 0.1; done
	cat /usr/mark'

@test "signals from scancel reach the task, and the server survives them" {
	start_step --chdir=/shared --sif-image=/shared/small.sif sh -c "$TRAPS"
	wait_for_lines "$SHARED/pids"
	for name in USR1 USR2 HUP; do
		as_alice scancel --signal="$name" --user=alice
		wait_until 10 grep -sqx "$name" "$SHARED/log"
	done
	touch "$SHARED/go"
	wait_step
	assert_status 0
	assert_line "only in the image"
	assert_equal "$(grep -c "only in the image" "$SHARED/log")" 3
}

@test "scancel sends TERM, and the task can read its image during KillWait" {
	start_step --chdir=/shared --sif-image=/shared/small.sif bash -c '
		trap "sleep 1; sha256sum /usr/bin/bash >log; cat /usr/mark >>log
			exit 3" TERM
		echo $$ >pids; while :; do read -rt 0.1 <> <(:); done'
	wait_for_lines "$SHARED/pids"
	as_alice scancel --user=alice
	wait_step $((KILL_WAIT_S + 5))
	assert_failure
	assert_equal "$(tail -n 1 "$SHARED/log")" "only in the image"
	refute_contains "image server"
}

# slurmctld looks for both every 30 s, so they share the wait.  It warns up to 30 s
# early, and only steps that run then.
@test "--signal in a batch job, and TERM at the time limit: the image can be read" {
	cat >"$SHARED/job" <<-'END'
	#!/bin/sh
	srun --sif-image=small.sif bash -c '
		trap "echo USR1; cat /usr/mark; exit 0" USR1
		echo $$ >warned; while :; do read -rt 0.1 <> <(:); done'
	END
	"$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- sbatch --quiet \
		--output=out --time=2 --signal=USR1@75 job
	start_step --chdir=/shared --sif-image=/shared/small.sif bash -c '
		trap "echo TERM >>log" TERM
		echo "$SLURM_JOB_ID" >pids
		while :; do
			read -rt 0.2 <> <(:)
			[[ ! -e log ]] || cat /usr/mark /usr/bin/findmnt >/dev/null &&
				echo alive >>log
		done'
	wait_for_lines "$SHARED/warned"
	wait_for_lines "$SHARED/pids"
	as_root scontrol update JobId="$(<"$SHARED/pids")" TimeLimit=0 ||
		as_root scontrol update JobId="$(<"$SHARED/pids")" TimeLimit=1
	wait_step 120
	assert_failure
	run cat "$SHARED/log"
	assert_line TERM
	assert_line alive
	wait_until 90 no_jobs
	run cat "$SHARED/out"
	assert_line USR1
	assert_line "only in the image"
}

# --- what a task leaves behind -----------------------------------------------

@test "a background child reads the image after the main task has ended" {
	# In the child, too, $$ is the main task.
	start_step -n2 --chdir=/shared --sif-image=/shared/small.sif bash -c '
		if ((SLURM_PROCID == 0)); then
			(while kill -0 $$ 2>/dev/null; do read -rt 0.1 <> <(:); done
			cat /usr/mark /usr/bin/od >log && touch pids) &
			exit 0
		fi
		until [[ -e pids ]]; do read -rt 0.1 <> <(:); done
		exit 0'
	wait_step
	assert_status 0
	assert_equal "$(head -n 1 "$SHARED/log")" "only in the image"
}

@test "fork, threads and exec work in the image" {
	run in_image small bash -c 'for i in {1..50}; do (exec true) || exit; done
		echo $(seq 1 1000 | tail -n 1 | cat) $(sh -c "sh -c true; echo \$?")'
	assert_output "1000 0"
}

# --- the log of slurmd -------------------------------------------------------

@test "slurmd's log, --version and --help show the plugin's version" {
	local version
	version=$(sed -n 's/^AC_INIT(\[spank-sif\], \[\(.*\)\])$/\1/p' \
		"$TESTS_LIB/../../configure.ac")
	run slurmd -V
	[[ $output =~ [0-9]+\.[0-9]+ ]]
	run grep -h " loaded$" "$CLUSTER/log/node1.log"
	assert_contains "spank_sif $version for Slurm ${BASH_REMATCH[0]} loaded"
	for program in "$SPANK_SIF_INSTALL"/usr/libexec/spank-sif/*; do
		run as_alice "/${program#"$SPANK_SIF_INSTALL/"}" --version
		assert_output "${program##*/} $version"
	done
	run as_alice srun --help
	assert_contains "(spank-sif $version)"
}

# All fields of the last such line; the image is the last field.
assert_logged() { # WORDS
	wait_until 5 logged "$1" || {
		grep "step ended" "$CLUSTER/log/node1.log" >&2
		return 1
	}
}

logged() {
	grep "spank_sif: step ended: " "$CLUSTER/log/node1.log" | tail -n 1 |
		grep -qE "$1"
}

@test "slurmd's log has a line for each step with an image, with its end" {
	local uuid='[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' lines_before
	run in_image small -w node1 -n2 sh -c 'exit $((SLURM_PROCID * 7))'
	assert_logged "job=[0-9]+ step=0 uid=2001 tasks=2 end=exit:7 uuid=$uuid image=/shared/small.sif$"
	run in_image small -w node1 sh -c 'kill -KILL $$'
	assert_logged "tasks=1 end=signal:9 uuid=$uuid "
	run as_alice srun -w node1 --sif-image=/shared/absent.sif true
	assert_logged " end=refused uuid=- image=/shared/absent.sif$"
	run as_alice sbatch --quiet --wait -w node1 --output=/dev/null \
		--sif-image=/shared/small.sif --sif-batch=image --wrap "exit 3"
	assert_logged " step=batch uid=2001 tasks=1 end=exit:3 uuid=$uuid "
	# No line without an image, and a name cannot forge one.
	lines_before=$(grep -c "spank_sif: step ended: job=[0-9]* step=" "$CLUSTER/log/node1.log")
	run as_alice srun -w node1 true
	run as_alice srun -w node1 \
		--sif-image=$'/shared/x\nspank_sif: step ended: job=1' true
	assert_logged ' end=refused uuid=- image=/shared/x.012spank_sif: '
	assert_equal "$(grep -c "spank_sif: step ended: job=[0-9]* step=" "$CLUSTER/log/node1.log")" \
		$((lines_before + 1))
}
