# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the tests of the plugin share, beyond common.bash: `load ../lib/assert`
# after it.
#
# Steps in an image, in the foreground and in the background:
#   run in_image small cat /etc/os-release     srun --sif-image=/shared/small.sif
#   start_step -n2 --sif-image=... sleep 60    in the background
#   wait_step                                  sets status and output, like `run`

PLUGIN_SERVER=/usr/libexec/spank-sif/spank-sif-server
# The kernel's short names of the programs.
SERVER_COMM=spank-sif-serve
GUARD_COMM=spank-sif-guard

# The setup and teardown of a file about the plugin.  A file may define its own, which
# then call need_plugin, or stop_steps and stop_other.
setup() {
	need_plugin
}

teardown() {
	stop_steps
	stop_other
}

# --- steps -----------------------------------------------------------------

in_image() { # NAME CMD...
	local image=$1
	shift
	as_alice srun --sif-image="/shared/$image.sif" "$@"
}

# Starts a step in the background; its output goes to $STEP_OUTPUT.
start_step() { # SRUN-ARGUMENT...
	STEP_OUTPUT=$BATS_TEST_TMPDIR/step.output
	as_alice srun "$@" >"$STEP_OUTPUT" 2>&1 </dev/null 3>&- &
	STEP=$!
}

# Fails if the step does not end by itself within SECONDS.
wait_step() { # [SECONDS]
	local seconds=${1:-20}
	wait_until "$seconds" process_has_ended "$STEP" || {
		sed 's/^/  | /' "$STEP_OUTPUT" >&2
		return 1
	}
	status=0
	wait "$STEP" || status=$?
	STEP=
	read_output "$STEP_OUTPUT"
}

process_has_ended() { # PID
	local state
	! { read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null ||
		[[ $state == Z ]]
}

# Sets $output and $lines, like `run`.
read_output() { # FILE
	output=$(<"$1")
	mapfile -t lines <<<"$output"
	forget_waiting
}

# Nothing to do if the file has no cluster, because it has no plugin to test.
stop_steps() {
	[[ -n ${CLUSTER-} ]] || return 0
	cancel_jobs || wait_until 30 no_jobs
	[[ -z ${STEP-} ]] || wait "$STEP" || true
	STEP=
}

# Fails if there were jobs to cancel.  A component of a heterogeneous job, N+0 or
# N+1, cannot be cancelled separately.
cancel_jobs() {
	as_root sh -c 'jobs=$(squeue --noheader --format=%i) || exit
		[ -n "$jobs" ] || exit 0
		echo "$jobs" | sed "s/+.*//" | sort -u | xargs scancel
		exit 1'
}

# Submits a batch job in /shared and sets its status and output, as `run` does.
# Faster than sbatch --wait, which polls every few seconds.
run_job() { # SBATCH-ARGUMENT...
	local id
	id=$("$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- \
		sbatch --parsable --output=/shared/out "$@")
	wait_until 60 job_has_ended "$id"
	status=$(as_root scontrol show job "$id" |
		sed -n 's/.* ExitCode=\([0-9]*\):.*/\1/p' | sort -n | tail -n 1)
	read_output "$SHARED/out"
}

job_has_ended() { # JOB
	[[ -z $(as_root squeue --noheader --jobs="$1" 2>&1) ]]
}

# squeue prints only its header.
no_jobs() {
	[[ $(as_root squeue --format=%A) == JOBID ]]
}

job_exists() {
	[[ $(as_root squeue --noheader --format=%A) == [0-9]* ]]
}

nodes_become_idle() { # [SECONDS]
	wait_until "${1:-20}" nodes_are_idle || {
		as_root sinfo --Node --long >&2
		as_root sinfo --list-reasons >&2
		return 1
	}
}

file_has_lines() { # FILE COUNT
	[[ -e $1 ]] && (($(wc -l <"$1") >= $2))
}

wait_for_lines() { # FILE [COUNT]
	wait_until 20 file_has_lines "$1" "${2:-1}"
}

server_pids() {
	as_root pgrep -x "$SERVER_COMM"
}

# They hold on to the mount, and replace a server that was killed.
guard_pids() {
	as_root pgrep -x "$GUARD_COMM"
}

no_servers() {
	[[ $(as_root pgrep --count --exact "$SERVER_COMM|$GUARD_COMM") == 0 ]]
}

# Starts a step whose tasks read the image while they live, never the same place twice,
# because the kernel's cache outlives the server.  /shared/pids gets a line for each
# task that has started.  good.sif has dd, and a large file /usr/big.
# shellcheck disable=SC2016
READ_ON='
	echo $$ >>pids
	for ((n = SLURM_PROCID;; n += SLURM_NTASKS)); do
		dd if=/usr/big bs=256K count=1 skip=$n status=none \
			>/dev/null || exit 1
		read -rt 0.05 <> <(:)
	done
	exit 1'
start_reading_step() { # SRUN-ARGUMENT...
	start_step --chdir=/shared --sif-image=/shared/good.sif "$@" \
		bash -c "$READ_ON"
}

# Kills each server as soon as it has replaced the one before.  In one process: on a
# busy machine the tasks would end before so many commands have run.
# shellcheck disable=SC2016
kill_servers() { # TIMES
	as_root timeout "$(scaled 30)" bash -c '
		for ((i = 0; i < $1; i++)); do
			until now=$(pgrep -x "$0") && [[ $now != "${last-}" ]]; do :; done
			kill -KILL $now
			last=$now
		done' "$SERVER_COMM" "$1"
}

# Keeps stopping the servers whose name matches.
begin_stopping() { # PATTERN
	as_alice sh -c 'pids=$(pgrep -x "$1")
		until [ -e /shared/enough ]; do
			kill -STOP $pids 2>/dev/null || true
		done' sh "$1" 3>&- &
	STOPPING=$!
}

end_stopping() {
	[[ -n ${STOPPING-} ]] || return 0
	touch "$SHARED/enough"
	wait "$STOPPING"
	rm "$SHARED/enough"
	STOPPING=
}

# --- assertions ------------------------------------------------------------

refute_line() { # TEXT
	local line
	for line in "${lines[@]}"; do
		[[ $line != "$1" ]] || assertion_failed "there is a line '$1'"
	done
}

# Linux before 6.15 does not tell how a process ended that Slurm has waited for.
assert_server_was_killed() {
	if kernel_is 6.15; then
		assert_contains "the image server was killed by signal 9"
	else
		assert_matches "the image server (was killed by signal 9|ended early; this kernel does not tell how)"
	fi
}

# 15-kernel.bats tests what happens on older kernels.
need_replacement() {
	kernel_is 6.9 || skip "Linux $(uname -r) cannot send requests again"
}

assert_matches() { # EXTENDED-REGEX
	[[ $output =~ $1 ]] || assertion_failed "the output does not match '$1'"
}

# CMD prints the same in the image and on the host, and not nothing.  While the first
# job is completing, Slurm prefers another node.
assert_same_inside() { # [SRUN-ARGUMENT...] CMD...
	local host
	host=$(as_alice srun -w node1 "$@")
	[[ -n $host ]] || assertion_failed "nothing was printed on the host: $*"
	assert_equal "$(in_image "${IMAGE:-small}" -w node1 "$@")" "$host"
}

# Prints all that a task in a hostile or damaged image might change on the host.
host_files() {
	as_root sh -c 'cd / && find etc home shared usr/share/zoneinfo/Etc -xdev \
		-printf "%p %y %m %u %l %s\n" | sort
		find / /root /usr /var -mindepth 1 -maxdepth 1 \
			-printf "%p %y %m %u %g %l\n" | sort
		sha256sum /etc/passwd /etc/group /etc/hosts /etc/resolv.conf \
			/etc/nsswitch.conf'
}

# --- programs --------------------------------------------------------------

# A program that needs no library and prints the entries of '/'.
compile_static() { # OUT
	compile -static -Os -x c -o "$1" - <<-'END'
	#include <dirent.h>
	#include <stdio.h>
	#include <unistd.h>

	int main(int argc, char *argv[])
	{
		DIR *root = opendir("/");
		struct dirent *entry;

		while ((entry = readdir(root)))
			if (entry->d_name[0] != '.')
				puts(entry->d_name);
		printf("uid %d, %d arguments, %s\n", (int)getuid(), argc,
			argv[0]);
		return 7;
	}
	END
}

# A program that prints its real, effective and saved uid; the caller makes it
# setuid-root.
compile_show_ids() { # OUT
	compile -static -Os -x c -D_GNU_SOURCE -o "$1" - <<-'END'
	#include <stdio.h>
	#include <unistd.h>

	int main(void)
	{
		uid_t ruid, euid, suid;

		getresuid(&ruid, &euid, &suid);
		return printf("%d %d %d\n", ruid, euid, suid) < 0;
	}
	END
}

# --- a second cluster with other arguments ---------------------------------

# stop_other ends it, in the teardown at the latest.
start_other() { # PLUGIN-ARGS [OPTION...]
	local args=$1
	shift
	OTHER=$BATS_TEST_TMPDIR/other
	${ONE_CPU:+taskset -c 0} "$CLUSTER_TOOL" start --owner=$$ --install="$SPANK_SIF_INSTALL" \
		--nodes=1 --plugin-args="$args" "$@" "$OTHER"
	cp --reflink=auto "$SHARED"/*.sif "$OTHER/shared/"
}

# The same with job_container/tmpfs.  On one CPU: with two on Linux 6.18, Slurm's own
# bind of the job's namespace fails at random (EINVAL), with and without the plugin.
start_other_with_private_tmp() { # PLUGIN-ARGS [OPTION...]
	local install=$BATS_TEST_TMPDIR/install
	cp -a "$SPANK_SIF_INSTALL" "$install"
	mkdir -p "$install/etc/slurm" "$install/var/containers"
	printf '%s\n' AutoBasePath=true BasePath=/var/containers \
		>"$install/etc/slurm/job_container.conf"
	ONE_CPU=yes SPANK_SIF_INSTALL=$install start_other "$@" \
		--conf="$(private_tmp_conf)" \
		--conf=PrologFlags=Contain
}

on_other() { # CMD...
	"$CLUSTER_TOOL" exec "$OTHER" --chdir=/shared -- "$@"
}

stop_other() {
	[[ -z ${OTHER-} ]] || "$CLUSTER_TOOL" stop "$OTHER"
	OTHER=
}
