#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# The options on the command line, in variables and in plugstack.conf; what is refused
# at submission, and why; how an image is found.

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
	as_alice mkdir /shared/d /shared/e
	as_alice touch /shared/d/in-d /shared/e/in-e
}

teardown() {
	has_plugin || return 0
	stop_steps
	stop_other
	rm -rf "$SHARED"/{job,out,bad,place}
}

with() { # NAME=VALUE... CMD...
	here env "$@"
}

# OPTION|VALUE|what the message must contain
WRONG='image||the path of an image, or '\''none'\'', is missing
image|docker://debian:12|run '\''apptainer pull image.sif docker://debian:12'\'' once
image|library://alpine|run '\''apptainer pull image.sif library://alpine'\'' once
image|oras://reg/x:1|run '\''apptainer pull image.sif oras://reg/x:1'\'' once
image|shub://vsoch/hello|nothing is pulled when a job starts
image|docker-archive:x.tar|run '\''apptainer build image.sif docker-archive:x.tar'\'' once
image|instance://web|enter a step that runs with --sif-join=JOB.STEP
cleanenv|maybe|'\''maybe'\'' is not one of yes|no
home|somewhere|'\''somewhere'\'' is not one of yes|no|private, nor an absolute path: begin a path with '\''/'\''
home||a path is missing
workdir|sub|'\''sub'\'' is not an absolute path
tmp|shared|'\''shared'\'' is not one of host|private
tmp||'\'''\'' is not one of host|private
writable-tmpfs|2gb|is neither no nor yes nor yes,SIZE
writable-tmpfs|yes,0|is neither no nor yes nor yes,SIZE
writable-tmpfs|yes,2x|is neither no nor yes nor yes,SIZE
writable-tmpfs|no,2g|is neither no nor yes nor yes,SIZE
nv|always|'\''always'\'' is not one of auto|try|yes|no
rocm|2|'\''2'\'' is not one of auto|try|yes|no
batch|node|'\''node'\'' is not one of host|image
host-mount|host|'\''host'\'' is not one of yes|no
debug|2|'\''2'\'' is not one of yes|no
join|last|'\''last'\'' is not the id of a step
join|7.|is not the id of a step
join|.0|is not the id of a step
join|7.extern|is not the id of a step
env|2X=1|'\''2X=1'\'' is not NAME or NAME=VALUE
env|A=1,B C|'\''B C'\'' is not NAME or NAME=VALUE
env|=1|is not NAME or NAME=VALUE
bind|:/mnt|'\'':/mnt'\'': the source is missing
bind|/shared:mnt|the destination '\''mnt'\'' is not an absolute path
bind|/shared:/|is the root of the image
bind|/shared:/../.|is the root of the image
bind|/|is the root of the image
bind|/a:/b:rx|'\''rx'\'' is not an option of a bind (ro, rw, image-src=PATH)
bind|/a:/b:image-src=/,id=2|'\''id=2'\'' is not supported
bind|-|the destination is missing
bind|-mnt|the destination '\''mnt'\'' is not an absolute path
mount|small.sif|it is not IMAGE:DST
mount|small.sif:|it is not IMAGE:DST
mount|small.sif:/a:rx|'\''rx'\'' is not an option of a bind (ro, rw, image-src=PATH)
mount|small.sif:data|the destination '\''data'\'' is not an absolute path
mount|:/data|the source is missing'

# --- values --------------------------------------------------------------------

@test "--help of srun, sbatch and salloc lists every option with its values" {
	for command in srun sbatch salloc; do
		run as_alice "$command" --help
		assert_status 0
		for option in 'image=IMAGE|none' 'bind=SRC[:DST[:ro|rw]][,...]' \
			'mount=IMAGE:DST[:src=PATH][,...]' \
			'overlay=PATH[:ro][,...]' 'env=NAME[=VALUE][,...]' \
			'cleanenv=yes|no' 'home=yes|no|private|PATH' workdir=PATH \
			'tmp=host|private' 'writable-tmpfs=no|yes[,SIZE]' \
			'nv=auto|try|yes|no' 'rocm=auto|try|yes|no' \
			'batch=host|image' 'host-mount=yes|no' 'join=[JOB.]STEP|none' \
			'debug=yes|no'; do
			assert_contains "--sif-$option"
		done
	done
}

@test "an invalid value is refused at submission, with the reason" {
	while IFS='|' read -r option value sentence; do
		run here srun --sif-image=small.sif "--sif-$option=$value" true
		assert_failure
		assert_contains "error: spank_sif: --sif-$option: "
		assert_contains "$sentence"
		refute_contains node1
	done <<<"$WRONG"
}

@test "an invalid value of a variable is refused with the same message" {
	while IFS='|' read -r option value sentence; do
		[[ $option != image && -n $value ]] || continue
		name=SPANK_SIF_$(tr a-z- A-Z_ <<<"$option")
		run with "$name=$value" srun --sif-image=small.sif true
		assert_failure
		assert_contains "error: spank_sif: $name: "
		assert_contains "$sentence"
		refute_contains node1
	done <<<"$WRONG"
	run with SPANK_SIF_TMP=shared srun echo without an image
	assert_status 0
	assert_output "without an image"
}

@test "sbatch and salloc refuse it, too, and create no job" {
	printf '#!/bin/sh\n' >"$SHARED/job"
	printf '#!/bin/sh\n#SBATCH --sif-tmp=shared\n' >"$SHARED/out"
	before=$(as_root squeue --states=all --noheader | wc -l)
	run here sbatch --sif-home=x job
	assert_failure
	assert_contains "--sif-home: 'x' is not one of yes|no|private, nor an absolute path"
	refute_contains Submitted
	run here sbatch out
	assert_failure
	assert_contains "--sif-tmp: 'shared' is not one of host|private"
	refute_contains Submitted
	run here salloc --sif-bind=/a:/b:rx true
	assert_failure
	assert_contains "'/a:/b:rx': 'rx' is not an option of a bind"
	refute_contains Granted
	run with SPANK_SIF_NV=2 sbatch --sif-image=small.sif job
	assert_failure
	assert_contains "SPANK_SIF_NV: '2' is not one of"
	assert_equal "$(as_root squeue --states=all --noheader | wc -l)" "$before"
}

@test "the last value is used, and options override variables" {
	run here srun --sif-image=other.sif --sif-image=small.sif cat /usr/mark
	assert_output small
	run with SPANK_SIF_IMAGE=other.sif srun cat /usr/mark
	assert_output other
	run with SPANK_SIF_IMAGE=other.sif srun --sif-image=small.sif cat /usr/mark
	assert_output small
	run with SPANK_SIF_IMAGE=other.sif srun --sif-image=none ls /usr/mark
	assert_failure
	run with SPANK_SIF_WORKDIR=/usr srun --sif-image=small.sif pwd
	assert_output /usr
	run with SPANK_SIF_WORKDIR=/usr srun --sif-image=small.sif \
		--sif-workdir=/opt pwd
	assert_output /opt
}

@test "each option has a variable" {
	run with SPANK_SIF_IMAGE=small.sif SPANK_SIF_BIND=d:/mnt/d \
		SPANK_SIF_MOUNT=other.sif:/mnt/other SPANK_SIF_ENV=A=1 \
		SPANK_SIF_CLEANENV=yes SPANK_SIF_HOME=no SPANK_SIF_WORKDIR=/mnt/d \
		SPANK_SIF_TMP=private SPANK_SIF_WRITABLE_TMPFS=yes,16m \
		SPANK_SIF_NV=no SPANK_SIF_ROCM=no JOB=1 \
		srun sh -c 'pwd; cat /usr/mark /mnt/other/usr/mark; ls
		echo $A$JOB; ls /tmp; ls /home; echo new >/usr/new && cat /usr/new'
	assert_status 0
	assert_output $'/mnt/d\nsmall\nother\nin-d\n1\nnew'
	run with SPANK_SIF_DEBUG=yes srun --sif-image=small.sif true
	assert_contains "namespace built"
	run with SPANK_SIF_IMAGE=small.sif SPANK_SIF_BATCH=image \
		sbatch --quiet --output=/dev/null \
		--wrap='cat /usr/mark >/shared/out'
	assert_status 0
	wait_for_lines "$SHARED/out"
	assert_equal "$(<"$SHARED/out")" small
}

# On a busy machine the server may have no time to find them.
are_read_ahead() { # COUNT SRUN-ARGUMENT...
	run here srun --sif-image=small.sif --sif-debug "${@:2}" true
	assert_status 0
	[[ $output == *" ms  $1 files are read ahead"* ]]
}

@test "the command and its libraries are read ahead, only from the image" {
	# The command, the loader and the C library.
	wait_until 30 are_read_ahead 3
	wait_until 30 are_read_ahead 2 --sif-bind=/usr/bin/true
	wait_until 30 are_read_ahead 3 --sif-writable-tmpfs
}

@test "variables of Apptainer and Singularity work like the options" {
	as_alice mkdir -p /shared/place/home
	run with APPTAINER_CLEANENV=1 APPTAINER_PWD=/opt \
		SINGULARITY_HOME=/shared/place/home APPTAINER_WRITABLE_TMPFS=true \
		JOB=1 srun --sif-image=small.sif \
		sh -c 'pwd; echo $HOME $LANG$JOB; touch /usr/new && echo new'
	assert_status 0
	assert_output $'/opt\n/shared/place/home C\nnew'
	# Apptainer's override Singularity's, ours override both, "" is unset.
	run with SINGULARITY_PWD=/usr APPTAINER_PWD=/opt APPTAINER_CLEANENV= \
		srun --sif-image=small.sif pwd
	assert_output /opt
	run with APPTAINER_CWD=/opt SPANK_SIF_WORKDIR=/usr srun --sif-image=small.sif pwd
	assert_output /usr
	run with APPTAINER_CLEANENV=1 JOB=1 srun --sif-image=small.sif \
		--sif-cleanenv=no sh -c 'echo $JOB'
	assert_output 1
	run with APPTAINER_PWD=/opt salloc --quiet --sif-image=small.sif \
		--sif-workdir=/usr srun pwd
	assert_output /usr
	run with APPTAINER_NV=1 srun -w node1 --sif-image=small.sif true
	assert_status 0
	assert_contains "spank_sif: node1: warning: no NVIDIA driver was found on this node"
	assert_equal "${#lines[@]}" 1
	run with APPTAINER_NV=1 srun --sif-image=small.sif --sif-nv=no true
	assert_status 0
	assert_output ""
	# Debian's Open MPI may have installed libraries of ROCm.
	run with APPTAINER_ROCM=1 srun --sif-image=small.sif true
	said=$(sort <<<"$output")
	run in_image small --sif-rocm=try true
	assert_equal "$(sort <<<"$output")" "$said"
	run with SINGULARITY_CLEANENV=maybe srun --sif-image=small.sif true
	assert_failure
	assert_contains "srun: error: spank_sif: SINGULARITY_CLEANENV: 'maybe' is not one of yes|no"
	# They have no effect on the host.
	run with SINGULARITY_CLEANENV=maybe APPTAINER_OVERLAY=a.img srun echo ran
	assert_output ran
	run with APPTAINER_OVERLAY=a.img:/b srun --sif-image=small.sif true
	assert_failure
	assert_contains "spank_sif: APPTAINER_OVERLAY: 'a.img:/b': '/b' is not an option of a layer"
}

@test "lists accumulate, and 'none' clears the items before it" {
	local list='ls -d /mnt/1/in-d /mnt/2/in-e; echo $A $B'
	run with SPANK_SIF_BIND=/shared/d:/mnt/1 SPANK_SIF_ENV=A=1 \
		srun --sif-image=small.sif --sif-bind=e:/mnt/2 --sif-env=B=2 \
		sh -c "$list"
	assert_status 0
	assert_output $'/mnt/1/in-d\n/mnt/2/in-e\n1 2'
	run with SPANK_SIF_BIND=/shared/d:/mnt/1 SPANK_SIF_ENV=A=1 \
		srun --sif-image=small.sif --sif-bind=none --sif-bind=e:/mnt/2 \
		--sif-env=none --sif-env=B=2 sh -c "$list"
	assert_line /mnt/2/in-e
	refute_line /mnt/1/in-d
	assert_line 2
	run here srun --sif-image=small.sif --sif-bind=d:/mnt/1 --sif-bind=none \
		ls /mnt
	assert_output ""
	run with SINGULARITY_BIND=/shared/d:/mnt/1 srun --sif-image=small.sif \
		--sif-bind=none ls /mnt
	assert_output ""
}

@test "a switch without a value means yes, also on a line of #SBATCH" {
	run here srun --sif-cleanenv --sif-image=small.sif sh -c 'echo $LANG'
	assert_output C
	run here srun --sif-image=small.sif --sif-writable-tmpfs sh -c \
		'echo new >/usr/new && cat /usr/new'
	assert_output new
	run here srun --sif-image=small.sif --sif-debug true
	assert_contains "namespace built"
	printf '%s\n' '#!/bin/sh' '#SBATCH --sif-image=small.sif' \
		'#SBATCH --sif-writable-tmpfs' 'cd /tmp' \
		'srun sh -c "echo new >/usr/new && cat /usr/new"' >"$SHARED/job"
	run_job job
	assert_status 0
	assert_output new
}

@test "an option without an image is refused by the command that it was given to" {
	for option in bind=/shared mount=a:/b env=A=1 cleanenv home=no \
		workdir=/opt tmp=private writable-tmpfs nv=no rocm=yes \
		host-mount debug; do
		run here srun "--sif-$option" echo ran
		assert_failure
		assert_contains "srun: error: spank_sif: there is no image for --sif-${option%%=*}: the step would run on the host; name one with --sif-image=IMAGE, or say --sif-image=none"
		refute_line ran
	done
	run here srun --sif-bind=/shared --sif-tmp=private echo ran
	assert_contains "there is no image for --sif-bind, --sif-tmp:"
	# An option that asks for nothing is accepted, and so is a step on the host.
	run here srun --sif-cleanenv=no --sif-bind=none --sif-home=yes echo ran
	assert_output ran
	run here srun --sif-image=none --sif-bind=/shared echo ran
	assert_status 0
	assert_line ran
	assert_contains "spank_sif: warning: --sif-bind: no effect, as --sif-image=none asks for the host"
	run with SPANK_SIF_IMAGE=none srun --sif-bind=/shared echo ran
	assert_line ran
}

@test "a variable without an image: srun prints a line, sbatch prints nothing" {
	run with SPANK_SIF_BIND=/nonesuch SPANK_SIF_TMP=private SPANK_SIF_DEBUG=yes \
		srun echo ran
	assert_status 0
	assert_line ran
	assert_contains "spank_sif: warning: there is no image for SPANK_SIF_BIND, SPANK_SIF_TMP: the step runs on the host; name one with --sif-image=IMAGE, or say --sif-image=none if the host is meant"
	assert_equal "$(grep -c spank_sif <<<"$output")" 1
	run with SPANK_SIF_BIND=/nonesuch SPANK_SIF_IMAGE=none srun echo ran
	assert_output ran
	# The sruns of the job choose the image or the host.
	printf '%s\n' '#!/bin/sh' '#SBATCH --sif-bind=/shared/d:/mnt' \
		'srun --quiet --sif-image=small.sif ls /mnt' \
		'srun --quiet --sif-image=none echo host' \
		'srun --quiet echo forgotten' >"$SHARED/job"
	run here sbatch --quiet --test-only job
	refute_contains spank_sif
	run_job job
	assert_status 0
	assert_equal "${lines[0]} ${lines[1]} ${lines[3]}" "in-d host forgotten"
	assert_contains "warning: there is no image for SPANK_SIF_BIND:"
	assert_equal "$(grep -c spank_sif <<<"$output")" 1
	run here salloc --quiet --sif-bind=/shared/d:/mnt \
		srun --quiet --sif-image=small.sif ls /mnt
	assert_output in-d
}

@test "sbatch and salloc refuse --sif-batch=image without an image" {
	printf '%s\n' '#!/bin/sh' '#SBATCH --sif-batch=image' >"$SHARED/job"
	for command in 'sbatch job' 'salloc --sif-batch=image true'; do
		# shellcheck disable=SC2086
		run here $command
		assert_failure
		assert_contains "error: spank_sif: there is no image for --sif-batch: the script would run on the host"
		refute_contains Submitted
		refute_contains Granted
	done
	run with SPANK_SIF_BATCH=image salloc --quiet echo ran
	assert_status 0
	assert_contains "warning: there is no image for SPANK_SIF_BATCH: the script runs on the host"
	assert_line ran
}

@test "on, true, 1 and a SIZE alone are accepted; a number without unit is in MiB" {
	run with LANG=C.UTF-8 srun --sif-image=small.sif --sif-cleanenv=1 \
		--sif-home=off --sif-writable-tmpfs=48 sh -c 'echo $LANG
		ls /home; set -- $(df --output=size -k /); echo $2'
	assert_status 0
	assert_output $'C\n49152'
	run with SPANK_SIF_CLEANENV=True LANG=C.UTF-8 srun --sif-image=small.sif \
		--sif-writable-tmpfs=1 sh -c 'echo $LANG; touch /usr/new && echo new'
	assert_output $'C\nnew'
	run with SPANK_SIF_DEBUG=on srun --sif-image=small.sif --sif-debug=0 true
	assert_output ""
}

@test "too many variables for a step are refused at submission" {
	local list
	list=$(seq -s, -f V%.0f=1 200)
	run here srun --sif-image=small.sif --sif-env="$list" \
		--sif-env="$(seq -s, -f W%.0f=1 55)" sh -c 'echo $V200$W55'
	assert_output 11
	run here srun --sif-image=small.sif --sif-env="$list" \
		--sif-env="$(seq -s, -f W%.0f=1 57)" true
	assert_failure
	assert_contains "srun: error: spank_sif: --sif-env has 257 variables, more than the 255 that are allowed"
	refute_contains node1
}

# --- plugstack.conf ------------------------------------------------------------

@test "defaults of plugstack.conf apply where the user sets nothing" {
	start_other "home=no tmp=private env=SITE=1,B=site workdir=/opt \
		writable-tmpfs=yes,16m cleanenv=yes mount=/shared/other.sif:/site"
	run on_other env JOB=1 srun --sif-image=small.sif sh -c 'pwd; ls /tmp /home
		echo "$SITE $B $JOB"; touch /usr/new && ls /usr/new
		cat /site/usr/mark'
	assert_status 0
	assert_output $'/opt\n/home:\n\n/tmp:\n1 site \n/usr/new\nother'
	run on_other env JOB=1 srun --sif-image=small.sif --sif-workdir=/usr \
		--sif-home=yes --sif-env=B=mine --sif-cleanenv=no \
		--sif-writable-tmpfs=no --sif-mount=small.sif:/mnt \
		sh -c 'pwd; ls /home; echo "$SITE $B $JOB"; touch /usr/new
		cat /site/usr/mark /mnt/usr/mark'
	assert_contains $'/usr\nalice\n1 mine 1'
	assert_contains "Read-only file system"
	assert_contains $'other\nsmall'
}

@test "home= and workdir= in plugstack.conf may depend on the user" {
	start_other 'home=/shared/$USER workdir=/shared/$USER/$UID'
	mkdir -p "$OTHER/shared/alice/2001" "$OTHER/shared/mine"
	run on_other srun -n2 --export=ALL,USER=bob --sif-image=small.sif \
		sh -c 'pwd; echo $HOME'
	assert_status 0
	assert_line /shared/alice/2001 2
	assert_line /shared/alice 2
	run on_other srun --sif-image=small.sif --sif-home=/shared/mine \
		--sif-workdir=/usr sh -c 'pwd; echo $HOME'
	assert_output $'/usr\n/shared/mine'
	# The command has expanded the user's value; a '$' that is left stays one.
	on_other mkdir '/shared/$USER'
	run on_other srun --sif-image=small.sif --sif-workdir='/shared/\$USER' \
		--sif-bind=/shared pwd
	assert_output '/shared/$USER'
}

@test "batch=image, home=private and debug=yes in plugstack.conf work" {
	start_other "batch=image debug=yes home=private"
	printf '%s\n' '#!/bin/sh' 'cat /usr/mark' >"$OTHER/shared/job"
	CLUSTER=$OTHER SHARED=$OTHER/shared run_job --sif-image=small.sif job
	assert_status 0
	assert_line small
	assert_contains "mount  /home/alice  from memory (home)"
	assert_contains "namespace built"
}

@test "every command refuses at submission what deny= names" {
	start_other "deny=bind,home,writable-tmpfs home=no"
	for option in bind=/shared:/mnt home=yes writable-tmpfs=yes; do
		run on_other srun --sif-image=small.sif "--sif-$option" true
		assert_failure
		assert_contains "--sif-${option%%=*} is not for users of this site"
		assert_contains "deny= in plugstack.conf"
		refute_contains node1
	done
	run on_other env SPANK_SIF_HOME=yes srun --sif-image=small.sif true
	assert_failure
	assert_contains "unset SPANK_SIF_HOME"
	run on_other salloc --sif-image=small.sif --sif-home=yes true
	assert_failure
	assert_contains "--sif-home is not for users of this site"
	# The administrator's default applies, and everything else is allowed;
	# variables for other runtimes are not refused.
	run on_other env SINGULARITY_BIND=/shared:/mnt APPTAINER_HOME=/shared \
		srun --sif-tmp=private \
		--sif-image=small.sif ls /home /tmp /mnt
	assert_status 0
	assert_output $'/home:\n\n/mnt:\n\n/tmp:'
}

@test "an invalid variable for an image or a join never leads to the host" {
	run with SPANK_SIF_JOIN=7,0 srun echo ran
	assert_failure
	assert_contains "spank_sif: SPANK_SIF_JOIN: "
	refute_line ran
	# It may be meant for the sruns of the job.
	run with SPANK_SIF_JOIN=7,0 salloc --quiet echo ran
	assert_output ran
	run with "SPANK_SIF_IMAGE=$(printf '/%05000d' 0)" srun echo ran
	assert_failure
	assert_contains "spank_sif: SPANK_SIF_IMAGE: "
	refute_line ran
	# Slurm reads the job's variables after the commands have checked them.
	run here srun --export=ALL,SLURM_SIF_JOIN=7. echo ran
	assert_failure
	assert_contains "spank_sif: SLURM_SIF_JOIN: "
	refute_line ran
	run with SPANK_SIF_JOIN=7,0 srun --sif-join=none echo ran
	assert_output ran
}

@test "a valid value does not hide an error in another" {
	run with SPANK_SIF_BIND=/a:b SPANK_SIF_DEBUG=maybe srun \
		--sif-image=small.sif --sif-debug=yes echo ran
	assert_failure
	assert_contains "spank_sif: SPANK_SIF_BIND: "
	refute_line ran
}

@test "deny= cannot be evaded by setting the variables that commands pass on" {
	start_other "deny=home"
	run on_other sh -c 'SLURM_SIF_HOME=no srun --sif-image=small.sif true'
	assert_failure
	assert_contains "--sif-home is not for users"
	# Slurm reads the job's variables after the commands have checked them.
	run on_other srun --sif-image=small.sif --export=ALL,SLURM_SIF_HOME=no \
		ls -d /home/alice
	assert_failure
	assert_contains "error: spank_sif: --sif-home is not for users"
	refute_contains "srun: error: spank_sif"
}

@test "unknown and invalid words in plugstack.conf are reported when an image is used" {
	while IFS='|' read -r word sentence; do
		start_other "$word"
		run on_other srun true
		assert_status 0
		run on_other srun --sif-image=small.sif true
		assert_failure
		assert_contains "plugstack.conf: '$word': $sentence"
		stop_other
	done <<-'END'
	cash=1|there is no such argument
	tmp=shared|'shared' is not one of host|private
	deny=everything|there is no option --sif-everything to deny
	path=images|'images' is not an absolute path; give an absolute path
bind=/a/$PLACE:/b|'/a/$PLACE': the variable PLACE, which it contains, is not set; give an absolute path, in which $USER
bind=a:/b|'a' is not an absolute path
	END
}

# --- which file is used --------------------------------------------------------

@test "a relative image is in the submission directory, whatever --chdir says" {
	run here srun --chdir=/tmp --sif-image=small.sif sh -c 'pwd; cat /usr/mark'
	assert_output $'/tmp\nsmall'
	run here sh -c 'cd d && srun --sif-image=../small.sif cat /usr/mark'
	assert_output small
	as_alice sh -c 'echo >/tmp/small.sif'
	run here srun --chdir=/tmp --sif-image=./small.sif cat /usr/mark
	assert_output small
	as_alice rm /tmp/small.sif
	# shellcheck disable=SC2016
	run here srun --sif-image='~/../../shared/$NAME.sif' true
	assert_failure
	assert_contains "the variable NAME, which it contains, is not set"
	# shellcheck disable=SC2016
	run with NAME=small srun --chdir=/ --sif-image='~/../../shared/${NAME}.sif' \
		cat /usr/mark
	assert_output small
}

@test "nested sruns of a job use the same file from any directory" {
	# Quiet, because Slurm reports when a step waits for the end of another.
	printf '%s\n' '#!/bin/sh' '#SBATCH --sif-image=small.sif' \
		'#SBATCH --sif-bind=d:/mnt' \
		'alias srun="srun --quiet"' \
		'cd /tmp; srun cat /usr/mark; srun --chdir=/ ls /mnt' \
		'cp /shared/other.sif /tmp/small.sif; srun cat /usr/mark' \
		'srun --sif-image=./small.sif cat /usr/mark' \
		'rm /tmp/small.sif' >"$SHARED/job"
	for export in ALL NONE A=B; do
		run_job --export="$export" job
		assert_status 0
		assert_output $'small\nin-d\nsmall\nother'
	done
	run here salloc --quiet --sif-image=small.sif sh -c \
		'cd /; srun --export=NONE cat /usr/mark; cd /tmp; srun cat /usr/mark'
	assert_output $'small\nsmall'
}

@test "--export=NONE and --export=A=B of srun lose no option" {
	for export in NONE A=B ALL,A=B; do
		run here srun --export="$export" --sif-image=small.sif \
			--sif-env=C=3 --sif-bind=d:/mnt sh -c \
			'cat /usr/mark; echo $C; ls /mnt'
		assert_status 0
		assert_output $'small\n3\nin-d'
	done
}

@test "a directory may have '\$', ':', ',' or a space in its name" {
	for name in 'a$b' 'a:b' 'a,b' 'a b' "a'b" 'a\b'; do
		as_alice mkdir "/shared/place"{,"/$name"}
		as_alice cp /shared/small.sif "/shared/place/$name/"
		run "$CLUSTER_TOOL" exec "$CLUSTER" --chdir="/shared/place/$name" -- \
			salloc --quiet --sif-image=./small.sif --sif-bind=.:/mnt \
			sh -c 'cd /tmp; srun cat /usr/mark; srun ls /mnt'
		assert_status 0
		assert_output $'small\nsmall.sif'
		rm -r "$SHARED/place"
	done
}

@test "a damaged image is refused at submission if it is visible there" {
	mkdir "$SHARED/bad"
	echo text >"$SHARED/bad/text"
	: >"$SHARED/bad/empty"
	mkfifo "$SHARED/bad/fifo"
	truncate -s 1M "$SHARED/bad/ext3"
	printf '\x53\xef' | dd of="$SHARED/bad/ext3" bs=1 seek=1080 \
		conv=notrunc status=none
	tar -C "$SHARED" -cf "$SHARED/bad/tar" d
	head -c 40000 "$SHARED/small.sif" >"$SHARED/bad/truncated"
	cp "$SHARED/small.sif" "$SHARED/bad/secret"
	chmod 0600 "$SHARED/bad/secret"
	load ../lib/defects
	patch_descriptor "$SHARED/small.sif" "$SHARED/bad/machine" 209 2 \
		$((0x3131))
	while IFS='|' read -r image sentence; do
		for command in srun salloc 'sbatch --wrap=true'; do
			# shellcheck disable=SC2086
			run here $command --sif-image="$image" true
			[[ $command != sbatch* ]] ||
				run here $command --sif-image="$image"
			assert_failure
			assert_contains "error: spank_sif: "
			assert_contains "$sentence"
			refute_contains node1
			refute_contains Submitted
			refute_contains Granted
		done
	done <<-'END'
	bad/text|cannot use the image '/shared/bad/text': it is neither a SIF nor a squashfs file
	bad/empty|it is empty
	bad|it is a directory, and an image has to be a file; if it is a sandbox, build one from it with 'apptainer build new.sif DIRECTORY'
	bad/ext3|its ext file system was not unmounted properly, or is in use for writing
	bad/tar|it is a tar archive, not an image; make an image from it with
	bad/fifo|it is not a regular file
	bad/truncated|it is truncated
	bad/secret|cannot open the image '/shared/bad/secret': Permission denied
	bad/machine|this node is
	END
	run here srun --sif-image=small.sif --sif-mount=bad/text:/data true
	assert_failure
	assert_contains "cannot use the image '/shared/bad/text'"
	refute_contains node1
	run here srun --sif-image=small.sif --sif-mount=bad/ext3:/data true
	assert_failure
	assert_contains "run 'e2fsck -f' on it"
	refute_contains node1
}

@test "an overlay partition lies over the root" {
	local upper=$BATS_TEST_TMPDIR/upper
	mkdir -p "$SHARED/bad" "$upper/usr/bin"
	echo overlaid >"$upper/usr/mark"
	mknod "$upper/usr/bin/wc" c 0 0
	cp "$SHARED/small.sif" "$SHARED/bad/overlay.sif"
	image_sif_add_overlay "$SHARED/bad/overlay.sif" "$upper"
	run here srun -n2 --sif-image=bad/overlay.sif sh -c 'cat /usr/mark; ls /usr/bin'
	assert_status 0
	assert_line overlaid 2
	refute_line wc
	assert_line cat 2
	refute_contains spank_sif
	# The overlay does not apply to a data image.
	run here srun --sif-image=small.sif --sif-mount=bad/overlay.sif:/mnt \
		cat /mnt/usr/mark
	assert_output small
}

@test "overlay-partition=ignore: reported at submission and on the node" {
	local sentence="the image '/shared/small.sif' has 1 overlay partition, which is ignored: what was added or changed there is missing"
	start_other overlay-partition=ignore --nodes=2
	image_sif_add_overlay "$OTHER/shared/small.sif"
	for command in 'sbatch --quiet --test-only --wrap=true' 'salloc --quiet true'; do
		# shellcheck disable=SC2086
		run on_other ${command%% *} --sif-image=small.sif ${command#* }
		assert_status 0
		assert_contains "spank_sif: warning: $sentence"
		refute_contains node1
	done
	run on_other srun -w node1 -n2 --sif-image=small.sif cat /usr/mark
	assert_status 0
	assert_line small 2
	assert_contains "spank_sif: warning: $sentence"
	assert_equal "$(grep -c "spank_sif: node1: warning: $sentence" <<<"$output")" 1
	# Each node has the same message.
	run on_other srun -N2 --sif-image=small.sif true
	assert_status 0
	assert_contains "spank_sif: node1: warning: $sentence"
	assert_equal "${#lines[@]}" 2
}

@test "overlay-partition=refuse refuses such an image" {
	start_other overlay-partition=refuse
	image_sif_add_overlay "$OTHER/shared/small.sif"
	for command in 'sbatch --wrap=true' 'srun true'; do
		# shellcheck disable=SC2086
		run on_other ${command%% *} --sif-image=small.sif ${command#* }
		assert_failure
		assert_contains "error: spank_sif: cannot use the image '/shared/small.sif': it has 1 overlay partition, which this site refuses (overlay-partition= in plugstack.conf)"
		refute_contains node1
	done
	# Where the image was not visible to a command.
	run on_other env SLURM_SIF_IMAGE=/shared/small.sif srun -n2 cat /usr/mark
	assert_failure
	assert_equal "$(grep -c "error: .*it has 1 overlay partition, which this site refuses" <<<"$output")" 1
	refute_line small
	run on_other srun --sif-image=other.sif cat /usr/mark
	assert_output other
}

@test "a missing image: sbatch and salloc warn, the node reports the path" {
	local warning="warning: cannot see the image '/shared/smal.sif' from here (No such file or directory): steps will fail on nodes where it is not; did you mean 'small.sif'?"
	printf '%s\n' '#!/bin/sh' 'srun cat /usr/mark' \
		'srun --quiet --sif-image=nonesuch.sif true' >"$SHARED/job"
	run here sbatch --quiet --test-only --sif-image=smal.sif job
	assert_contains "$warning"
	run here salloc --quiet --sif-image=smal.sif true
	assert_status 0
	assert_contains "$warning"
	run_job --sif-image=smal.sif job
	assert_failure
	assert_contains "cannot open the image '/shared/smal.sif': No such file or directory, neither on node1 nor where sbatch ran; did you mean 'small.sif'?"
	assert_contains "cannot open the image '/shared/nonesuch.sif': No such file or directory, neither on node1 nor where srun ran"
	assert_equal "$(grep -c "did you mean" <<<"$output")" 1
	run here srun -N2 --sif-image=small true
	assert_failure
	refute_contains warning
	for node in node1 node2; do
		assert_contains "neither on $node nor where srun ran; did you mean 'small.sif'?"
	done
	run here salloc --quiet --sif-image=small.sif --sif-mount=othr.sif:/mnt true
	assert_contains "cannot see the image '/shared/othr.sif' from here (No such file or directory): steps will fail on nodes where it is not; did you mean 'other.sif'?"
}

@test "an image may exist only on the nodes" {
	run here srun --sif-debug --sif-image=/nonesuch/a.sif true
	assert_failure
	assert_contains "the image '/nonesuch/a.sif' cannot be seen from here, so only the nodes can tell"
	run here srun sh -c 'cp /shared/small.sif /tmp/late.sif'
	run here salloc --quiet --sif-image=/tmp/late2.sif sh -c \
		'cp small.sif /tmp/late2.sif; srun cat /usr/mark; rm /tmp/late*.sif'
	assert_line small
	assert_contains "cannot see the image '/tmp/late2.sif' from here"
	assert_equal "$(grep -c spank_sif <<<"$output")" 1
}

@test "a name without '/' is searched in the directories of path=" {
	start_other "path=/shared/one:/shared/two"
	mkdir "$OTHER/shared/"{one,two,place}
	cp "$SHARED/small.sif" "$OTHER/shared/two/base.sif"
	cp "$SHARED/small.sif" "$OTHER/shared/two/both.sif"
	cp "$SHARED/other.sif" "$OTHER/shared/one/both.sif"
	cp "$SHARED/other.sif" "$OTHER/shared/place/base.sif"
	chmod 0777 "$OTHER/shared/place"
	run on_other srun --sif-image=base sh -c 'cat /usr/mark; echo $SIF_IMAGE'
	assert_output $'small\n/shared/two/base.sif'
	run on_other srun --sif-image=base.sif cat /usr/mark
	assert_output small
	run on_other srun --sif-image=both cat /usr/mark
	assert_output other
	run on_other srun --sif-image=./base.sif true
	assert_failure
	# A file in the working directory has precedence.
	run on_other sh -c 'cd place && srun --sif-image=base.sif cat /usr/mark'
	assert_output other
	# But not in a job for which the image was found before.
	run on_other salloc --quiet --sif-image=base.sif sh -c \
		'cd place; srun cat /usr/mark; srun --sif-image=./base.sif cat /usr/mark'
	assert_output $'small\nother'
	run on_other srun --sif-image=small.sif --sif-mount=both:/data \
		cat /data/usr/mark
	assert_output other
	run on_other srun --sif-image=nonesuch true
	assert_failure
	assert_contains "there is no image 'nonesuch' in the image directories of this site (/shared/one:/shared/two)"
	run on_other srun --sif-image=baes true
	assert_failure
	assert_contains "give a path with a '/'; did you mean 'base.sif'?"
}

@test "path= may depend on the user" {
	start_other 'path=/shared/$USER.d:~/images'
	mkdir "$OTHER/shared/alice.d" "$OTHER/shared/bob.d"
	cp "$SHARED/small.sif" "$OTHER/shared/alice.d/base.sif"
	cp "$SHARED/other.sif" "$OTHER/shared/bob.d/base.sif"
	run on_other env USER=bob srun --export=ALL,USER=bob --sif-image=base \
		sh -c 'cat /usr/mark; echo $SIF_IMAGE'
	assert_output $'small\n/shared/alice.d/base.sif'
	on_other mkdir /home/alice/images
	on_other cp small.sif /home/alice/images/mine.sif
	run on_other env HOME=/tmp srun --sif-image=mine cat /usr/mark
	assert_output small
	# The command finds it, too, and inspects it.
	on_other sh -c 'echo text >~/images/bad.sif'
	run on_other srun --sif-image=bad true
	assert_failure
	assert_contains "cannot use the image '/home/alice/images/bad.sif'"
	refute_contains node1
}

# --- reports -------------------------------------------------------------------

@test "--sif-debug prints a timeline, the mounts and the variables once" {
	local seen
	run here srun -N2 -n4 --sif-debug --sif-image=small.sif --sif-env=A=1 \
		--sif-bind=d:/mnt:ro true
	assert_status 0
	assert_matches "node1: +[0-9.]+ ms  image '/shared/small.sif' checked"
	assert_matches "node1: +[0-9.]+ ms  namespace built"
	assert_matches "node1: +[0-9.]+ ms  environment: "
	assert_matches "node1: +[0-9.]+ ms  ready to start the command"
	assert_contains "node1: mount  /mnt  from /shared/d (--sif-bind, read-only)"
	assert_contains "node1: variable  A=1  from --sif-env"
	assert_equal "$(grep -c "node1: .*namespace built" <<<"$output")" 1
	# The other node prints how long it took, and that the rest is the same.
	seen=$(sed -n 's/.*node1: mounts and variables //p' <<<"$output")
	[[ $seen =~ ^[0-9a-f]{8}$ ]]
	assert_equal "$(grep -c node2 <<<"$output")" 1
	assert_matches "node2: +[0-9.]+ ms  ready to start the command; mounts and variables $seen"
	run here srun --sif-image=small.sif true
	assert_output ""
}

# --- completion by bash ----------------------------------------------------------

# What bash offers for the last WORD; "=" is a separate word, as in bash.
completions() { # WORD...
	as_alice bash -c '. "$0"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_spank_sif "$1" "${@: -1}" "${@: -2:1}"
		printf "%s\n" "${COMPREPLY[@]}"' \
		/etc/bash_completion.d/spank-sif "$@" | sort
}

@test "bash completes each option of --help and its values" {
	local options
	options=$(as_alice srun --help | grep -o -- '^ *--sif-[a-z-]*=' |
		tr -d ' ' | sort)
	assert_equal "$(completions srun --sif-)" "$options"
	assert_equal "$(completions sbatch --sif-ho)" $'--sif-home=\n--sif-host-mount='
	assert_equal "$(completions srun --sif-tmp = pr)" private
	assert_equal "$(completions srun --sif-nv =)" $'auto\nno\ntry\nyes'
	assert_equal "$(completions salloc --sif-batch=im)" --sif-batch=image
	assert_equal "$(completions srun --sif-bind = /etc/hos)" \
		"$(as_alice bash -c 'compgen -f /etc/hos' | sort)"
	assert_equal "$(completions srun --sif-image = n)" none
}

@test "bash still completes Slurm's own options" {
	[[ -e /usr/share/bash-completion/bash_completion ]] ||
		skip "no bash-completion"
	run as_alice bash -c '. /usr/share/bash-completion/bash_completion
		. /etc/bash_completion.d/spank-sif
		COMP_WORDS=(srun --nod) COMP_CWORD=1 COMP_LINE="srun --nod" COMP_POINT=10
		_spank_sif srun --nod srun
		printf "%s\n" "${COMPREPLY[@]}"
		complete -p srun'
	assert_contains "--nodelist"
	assert_line "complete -F _spank_sif srun"
}
