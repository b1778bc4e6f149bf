# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the system tests share: `load ../lib/common` at the top of a .bats file.
#
# A file starts its cluster in setup_file:
#   setup_file() { cluster_start; }     with options of tests/lib/cluster
# The teardown_file defined here ends it.  The tests type what a user would type:
#   run as_alice srun -N2 hostname; assert_status 0; assert_line node1
# Images go to $SHARED, which is /shared on the cluster.
#
# SPANK_SIF_INSTALL is the `make install DESTDIR=` tree under test; `make
# check-cluster` sets it.  Without it clusters start without the plugin.

bats_require_minimum_version 1.5.0
TESTS_LIB=$(realpath "${BASH_SOURCE[0]%/*}")
CLUSTER_TOOL=$TESTS_LIB/cluster
# shellcheck source=tests/lib/images.bash
source "$TESTS_LIB/images.bash"

# --- cluster ---------------------------------------------------------------

# $$ is the bats process of this file, also in a subshell.  The cluster ends with it.
cluster_start() { # [OPTION...]
	export CLUSTER=$BATS_FILE_TMPDIR/cluster
	export SHARED=$CLUSTER/shared
	if has_plugin; then
		set -- --install="$SPANK_SIF_INSTALL" "$@"
	else
		set -- --no-plugin "$@"
	fi
	# Runs a file in another mode: SPANK_SIF_ARGS=mount=host bats FILE
	[[ -z ${SPANK_SIF_ARGS-} ]] ||
		set -- --plugin-args="$SPANK_SIF_ARGS" --fuse-mode=0666 "$@"
	"$CLUSTER_TOOL" start --owner=$$ "$@" "$CLUSTER"
}

# Does nothing if setup_file failed before it started the cluster.
cluster_stop() {
	[[ -z ${CLUSTER-} ]] || "$CLUSTER_TOOL" stop "$CLUSTER"
}

teardown_file() {
	cluster_stop
}

as_user() { # USER CMD...
	local user=$1
	shift
	bash "$CLUSTER_TOOL" exec "$CLUSTER" --user="$user" -- "$@"
}

as_alice() { as_user alice "$@"; }
as_bob() { as_user bob "$@"; }
as_root() { as_user root "$@"; }

here() { # CMD...: as alice, in /shared
	bash "$CLUSTER_TOOL" exec "$CLUSTER" --chdir=/shared -- "$@"
}

# Applies to the steps that start from now on.
set_plugin_args() { # ARGUMENT...
	as_root sed -i "s/spank_sif.so.*/spank_sif.so $*/" \
		/etc/slurm/plugstack.conf
}

# Whether strace has attached to the slurmd of node1.
slurmd_is_traced() {
	as_root sh -c 'grep -q "^TracerPid:.*[1-9]" \
		"/proc/$(pgrep -xf "slurmd -D -N node1")/status"'
}

# Tests of the plugin are skipped in setup(), by need_plugin, because bats 1.8 counts a
# skip in setup_file as a failure.  setup_file and teardown return early.
has_plugin() {
	[[ -n ${SPANK_SIF_INSTALL-} ]]
}

need_plugin() {
	has_plugin || skip "SPANK_SIF_INSTALL is not set"
}

# Of Slurm, as a number: 2205.
slurm_release() {
	[[ $(slurmd -V) =~ \ ([0-9]+)\.([0-9]+) ]]
	echo "${BASH_REMATCH[1]}${BASH_REMATCH[2]}"
}

# The line of slurm.conf that gives each job a /tmp of its own.
private_tmp_conf() {
	if (($(slurm_release) < 2511)); then
		echo JobContainerType=job_container/tmpfs
	else
		echo NamespaceType=namespace/tmpfs
	fi
}

# /usr, or that of configure --with-slurm.
slurm_prefix() {
	local srun
	srun=$(realpath "$(type -P srun)")
	echo "${srun%/bin/*}"
}

# The directory of Slurm's plugins.
slurm_plugins() {
	find "$(slurm_prefix)"/lib* -name auth_munge.so -printf '%h\n' -quit
}

# A Slurm built from source lacks plugins whose libraries were not there.
has_slurm_plugin() { # NAME
	[[ -e $(slurm_plugins)/$1.so ]]
}

# Whether the cluster can have --cgroup=VERSION.
has_slurm_cgroup() { # v1|v2
	has_slurm_plugin "cgroup_$1" && [[ $(slurm_release)$1 != 2311v2 ]]
}

# These releases start it through slurmstepd, whose libraries an image does not have.
has_task_prolog() {
	[[ $(slurmd -V) != *" "@(24.11.[0-6]|25.05.[01]) ]]
}
need_task_prolog() {
	has_task_prolog ||
		skip "$(slurmd -V) cannot start a TaskProlog in an image"
}

# False if the query fails, like all such functions.  plnd: idle, and planned by the
# backfill scheduler for a job that was pending.
nodes_are_idle() {
	local states
	states=$(as_root sinfo --noheader --Node --format=%t | sort -u)
	[[ $states =~ ^(idle|plnd|idle.plnd)$ ]]
}

# --- what a command printed ------------------------------------------------

# On a busy machine srun may print that it waited for the job or the step.
WAITING_RE='^srun: (job [0-9]+ (queued and waiting for|has been allocated) resources|(Job|job) .*step creation (temporarily|still) disabled.*|Step created for .*)$'

# Removes these lines from $output and $lines.
forget_waiting() {
	[[ $output == *"srun: "* ]] || return 0
	output=$(grep -vE "$WAITING_RE" <<<"$output") || true
	mapfile -t lines < <(grep . <<<"$output")
}

# `run` of bats, followed by forget_waiting.
declare -F bats_run >/dev/null ||
	eval "$(declare -f run | sed '1s/.*/bats_run ()/')"
run() { # [OPTION...] CMD...
	local run_status=0
	bats_run "$@" || run_status=$?
	forget_waiting
	return "$run_status"
}

# --- kernels -----------------------------------------------------------------

# This kernel is of that release or a later one.
kernel_is() { # RELEASE
	printf '%s\n' "$1" "$(uname -r)" | sort --version-sort --check=silent
}

# A virtual machine of `make check-kernels` is emulated.  It cuts tests that say nothing
# about a kernel and take long, and those that lose their meaning where everything
# takes 20 times longer.
is_emulated() {
	[[ -n ${SPANK_SIF_TEST_VM-} ]]
}
not_emulated() { # REASON
	! is_emulated || skip "cut in an emulated machine: $1"
}

# --- programs ----------------------------------------------------------------

# With the compiler of the build, or the system's.
compile() { # ARGUMENT...
	# shellcheck disable=SC2086 # $CC may have options
	${CC:-cc} "$@"
}

# --- time ------------------------------------------------------------------
#
# On a machine that is N times slower than a PC, SPANK_SIF_TEST_SLOWNESS=N: limits
# grow, and what `timed` measures shrinks.

scaled() { # SECONDS
	echo $(($1 * ${SPANK_SIF_TEST_SLOWNESS:-1}))
}

wait_until() { # SECONDS CMD...
	local seconds
	seconds=$(scaled "$1")
	local end=$((${EPOCHREALTIME/[.,]/} + seconds * 1000000)) pause=0.05
	# There a look takes longer, and delays what it waits for.
	((${SPANK_SIF_TEST_SLOWNESS:-1} < 10)) || pause=0.5
	shift
	until "$@"; do
		((${EPOCHREALTIME/[.,]/} < end)) || {
			local command=$*
			echo "not true within $seconds s: ${command:0:100}" >&2
			return 1
		}
		read -rt "$pause" <> <(:) || true
	done
}

# Runs CMD and sets $elapsed_ms to its duration, as on a PC.
timed() { # CMD...
	local begin=${EPOCHREALTIME/[.,]/} timed_status=0 # `run` sets status
	"$@" || timed_status=$?
	elapsed_ms=$(((${EPOCHREALTIME/[.,]/} - begin) / $(scaled 1000)))
	return "$timed_status"
}

# --- FUSE over io_uring ----------------------------------------------------

# The kernel's setting, for the whole machine.  Tests that need it have the tag
# "machine", see tests/system/run.
ENABLE_URING=/sys/module/fuse/parameters/enable_uring

# fuse_session_custom_io() is in libfuse 3.14 to 3.17; later ones rarely have it.
libfuse_has_custom_io() {
	[[ $(pkg-config --modversion fuse3) =~ ^3\.1[4-7]\. ]]
}

need_uring() {
	libfuse_has_custom_io || skip "libfuse cannot give replies to rings"
	[[ -w $ENABLE_URING ]] || skip "this kernel has no FUSE over io_uring"
	[[ $(</proc/sys/kernel/io_uring_disabled) == 0 ]] ||
		skip "io_uring is switched off (kernel.io_uring_disabled)"
}

with_uring() ( # CMD...
	was=$(<"$ENABLE_URING")
	trap 'echo "$was" >"$ENABLE_URING"' EXIT
	trap 'exit 1' INT TERM HUP
	echo Y >"$ENABLE_URING"
	"$@"
)

# --- what is on the "host" -------------------------------------------------

# Lists processes with builtins only, so that the list does not include its own.
# /sys/fs/fuse/connections shows the whole machine; the FUSE file systems of this
# cluster are those mounted in its mount namespaces, or served in it.
# shellcheck disable=SC2016
HOST_SNAPSHOT='
	for p in /proc/[0-9]*; do
		[[ $p != "/proc/$$" ]] || continue
		name= state= uid=
		while IFS=$'\''\t'\'' read -r key value _; do
			case $key in
			Name:) name=$value ;;
			State:) state=$value ;;
			Uid:) uid=$value; break ;;
			esac
		done 2>/dev/null <"$p/status"
		[[ -z $name || $state == Z* ]] || list+="$uid $name"$'\''\n'\''
	done 2>/dev/null
	echo "== processes (uid, name)"
	sort <<<"$list"
	echo "== mounts"
	findmnt --raw --noheadings --output TARGET,SOURCE,FSTYPE,OPTIONS | sort
	echo "== mount namespaces"
	stat --dereference --format=%i /proc/[0-9]*/ns/mnt 2>/dev/null | sort -u | wc -l
	echo "== FUSE file systems in all mount namespaces (device)"
	sed -n "s/^[0-9]* [0-9]* \([0-9:]*\) .* - fuse[. ].*/\1/p" \
		/proc/[0-9]*/mountinfo 2>/dev/null | sort -u
	echo "== FUSE servers (descriptors)"
	find /proc/[0-9]*/fd -lname /dev/fuse 2>/dev/null | wc -l
	echo "== files"
	find /tmp /var/tmp /run /dev/shm -mindepth 1 -printf "%p %y %u\n" | sort
	echo "== cgroups"
	find /sys/fs/cgroup -type d -path "*slurm*" 2>/dev/null | sort'

host_snapshot() {
	as_root bash -c "$HOST_SNAPSHOT"
}

no_slurmstepd() {
	! as_root pgrep -x slurmstepd >/dev/null
}

# Of the host without the slurmstepd of an earlier step, which is still ending for a
# moment after srun has returned.
settled_snapshot() {
	wait_until 10 no_slurmstepd || true
	host_snapshot
}

host_is_as_before() { # SNAPSHOT
	host_diff=$(diff <(echo "$1") <(host_snapshot))
}

assert_host_as_before() { # SNAPSHOT [SECONDS]
	local host_diff=
	wait_until "${2:-15}" host_is_as_before "$1" || {
		echo "left on the host (>) or gone from it (<):" >&2
		echo "$host_diff" >&2
		return 1
	}
}

# --- assertions on $status, $output and $lines of run ----------------------

assertion_failed() { # SENTENCE
	{
		echo "$1"
		echo "status: ${status-}"
		echo "output:"
		echo "${output-}" | sed 's/^/  | /'
	} >&2
	return 1
}

assert_status() { # NUMBER
	[[ $status == "$1" ]] || assertion_failed "status is not $1"
}

assert_failure() {
	((status != 0)) || assertion_failed "this should have failed"
}

assert_output() { # TEXT
	[[ $output == "$1" ]] || assertion_failed "the output is not '$1'"
}

assert_contains() { # TEXT
	[[ $output == *"$1"* ]] || assertion_failed "the output lacks '$1'"
}

refute_contains() { # TEXT
	[[ $output != *"$1"* ]] || assertion_failed "the output has '$1'"
}

assert_line() { # TEXT [COUNT]
	local line count=0
	for line in "${lines[@]}"; do
		[[ $line != "$1" ]] || count=$((count + 1))
	done
	if [[ -n ${2-} ]]; then
		((count == $2)) || assertion_failed "$count lines '$1', not $2"
	else
		((count > 0)) || assertion_failed "there is no line '$1'"
	fi
}

assert_equal() { # ACTUAL EXPECTED
	[[ $1 == "$2" ]] || {
		echo "got      '$1'" >&2
		echo "expected '$2'" >&2
		return 1
	}
}
