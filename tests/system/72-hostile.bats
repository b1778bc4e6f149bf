#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# A compromised image server; see hostile-server.c.  Whatever it does, only the step of
# its user suffers: no process of root waits for it, scancel ends the step, Slurm does
# not drain the node, and the next step works.
#
# All attacks run at once, each on its own node.

load ../lib/common
load ../lib/assert

# KillWait of the cluster.  With less, srun gives up before the tasks have ended, which
# takes Slurm seconds.
KILL_WAIT_S=5
# The timeout of a container's start, with many at once.
TIMEOUT_S=$(scaled 5)

# shellcheck disable=SC2034  # campaign() has their names
# Attacks that the step ends by itself, through a failure or a deadline ...
ENDING=(mute no-ready fails start-silent start-no-init start-deaf start-late
	start-errors start-garbage start-lies start-types start-root-link
	start-root-device start-root-fifo start-escapes start-ahead
	errors lies root-link root-device root-fifo
	closes crashes escapes passes forks)
# ... and those that scancel ends.
HANGING=(silent deaf stops renamed threads rebuilds garbage store types no-enter
	wrong-enter)
# In other modes, the attacks that concern them.
# shellcheck disable=SC2034
SOME_ENDING=(fails start-silent start-no-init start-deaf start-lies start-escapes
	closes escapes passes forks)
# shellcheck disable=SC2034
SOME_HANGING=(silent stops renamed store)
# Each has a node, and 36 nodes take an emulated machine too long.
PAUSE_S=0.1
! is_emulated ||
	ENDING=("${SOME_ENDING[@]}") HANGING=("${SOME_HANGING[@]}") PAUSE_S=2

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=$((${#ENDING[@]} + ${#HANGING[@]})) --fuse-mode=0666 \
		--plugin-args=timeout=$TIMEOUT_S
	image_tree "$BATS_FILE_TMPDIR/tree"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	compile -static -O1 -D_GNU_SOURCE -I"$TESTS_LIB/../.." -o "$SHARED/server" \
		"$BATS_TEST_DIRNAME/hostile-server.c" \
		"$TESTS_LIB"/../../common/{deadline,error,message,named_values,server_args}.c
	thread_program
	as_root install -m 0711 /shared/server /run/hostile-server
	as_alice srun --nodes="$(node_count)" true
}

teardown() {
	has_plugin || return 0
	touch "$SHARED/stop"
	use_own_server || true
	end_escaped || true
	stop_steps
	wait
	rm -f "$SHARED"/{hostile.*,hung.*,holder,stop,waits}
}

node_count() {
	as_root sinfo --noheader --format=%D
}

use_hostile_server() {
	as_root mount --bind /run/hostile-server "$PLUGIN_SERVER"
}

use_own_server() {
	as_root sh -c "! mountpoint --quiet $PLUGIN_SERVER || umount --lazy $PLUGIN_SERVER"
}

set_mode() { # ARGUMENT
	TIMEOUT_S=$(scaled 3)
	set_plugin_args "timeout=$TIMEOUT_S $1"
}

# Records each process of root that waits for a FUSE server, slurmd and slurmstepd
# above all, until told to stop.
# shellcheck disable=SC2016
WATCH_ROOT='
	until [[ -e /shared/stop ]]; do
		for task in $(grep -l "^State:.*D (disk" /proc/[0-9]*/task/[0-9]*/status); do
			task=${task%/status}
			! grep -q "^Uid:.*\<0\>" "$task/status" ||
				! grep -qE "fuse|request_wait" "$task/stack" ||
				cat "$task"/{comm,stack} >>/shared/waits
		done 2>/dev/null
		read -rt "$0" <> <(:)
	done'

# The script of a task: it enters, asks for the file that starts the attack, and then
# tries various accesses.  It and its children ignore TERM.
TASK='trap "" TERM; cat /now; ls -la / /now; cat /now/a; head -c 100000 /now
	stat / /now; readlink /now; cd /now; stat -f /; exec /now'

# Another: TERM ends its first thread, but not the one that waits.
thread_program() {
	compile -static -pthread -x c -o "$SHARED/thread" - <<-'END'
	#include <fcntl.h>
	#include <pthread.h>
	#include <unistd.h>

	static void *ask(void *argument)
	{
		open("/now", O_RDONLY);
		return argument;
	}

	int main(void)
	{
		pthread_t thread;

		if (pthread_create(&thread, NULL, ask, NULL) != 0)
			return 1;
		for (;;)
			pause();
	}
	END
}

# Runs a step on NODE, with the host's programs.
start_hostile_step() { # WAY NODE
	local command=(bash -c "$TASK")
	[[ $1 != threads ]] || command=(/shared/thread)
	echo "$1" >"$SHARED/hostile.node$2"
	as_alice srun --nodelist="node$2" --nodes=1 --ntasks=2 --chdir=/tmp \
		--sif-image=/shared/good.sif \
		--sif-bind=/shared,/usr,/usr/bin:/bin,/usr/lib:/lib,/usr/lib64:/lib64 \
		"${command[@]}" >"$BATS_TEST_TMPDIR/output.$1" 2>&1 </dev/null 3>&- &
	steps[$1]=$!
}

have_ended() { # WAY...
	local way
	running=()
	for way; do
		process_has_ended "${steps[$way]}" || running+=("$way")
	done
	((${#running[@]} == 0))
}

# The servers report when they begin.
have_begun() { # WAY...
	local way
	waiting=()
	for way; do
		[[ -e $SHARED/hung.$way ]] || waiting+=("$way")
	done
	((${#waiting[@]} == 0))
}

print_outputs() { # TITLE WAY...
	local title=$1
	shift
	echo "$title: $*" >&2
	tail -n 5 "${@/#/$BATS_TEST_TMPDIR/output.}" >&2
	return 1
}

assert_ended() { # SECONDS WAY...
	local seconds=$1
	shift
	wait_until "$seconds" have_ended "$@" ||
		print_outputs "still there" "${running[@]}"
}

assert_begun() { # WAY...
	wait_until 10 have_begun "$@" ||
		print_outputs "not hostile yet" "${waiting[@]}"
}

# Only descriptors of the servers may be left of the steps.
end_escaped() {
	as_root sh -c 'pgrep -u alice -x hostile-server | xargs --no-run-if-empty kill -KILL'
}

assert_next_steps_work() {
	local count
	count=$(node_count)
	use_own_server
	nodes_become_idle 10
	run in_image good --nodes="$count" cat /proc/self/comm
	assert_status 0
	assert_line cat "$count"
	assert_host_as_before "$before" 10
	! grep -H -i "Kill task failed\|drain" "$CLUSTER"/log/*.log
}

campaign() { # ENDING-NAME HANGING-NAME
	local -n ending=$1 hanging=$2
	local -A steps=()
	local way node=0
	# The previous test may still be ending.
	wait_until 10 no_slurmstepd
	before=$(host_snapshot)
	as_root bash -c "$WATCH_ROOT" "$PAUSE_S" >/dev/null 2>&1 3>&- &
	as_alice /run/hostile-server hold /shared/holder 3>&- &
	wait_until 5 test -S "$SHARED/holder"
	use_hostile_server
	for way in "${ending[@]}" "${hanging[@]}"; do
		start_hostile_step "$way" $((++node))
	done
	assert_ended $((TIMEOUT_S + 12)) "${ending[@]}"
	assert_begun "${hanging[@]}"
	grep "the server's own reason" "$BATS_TEST_TMPDIR/output.fails"
	as_alice scancel --user=alice
	wait_until $((KILL_WAIT_S + 15)) no_jobs || { as_root squeue >&2; return 1; }
	assert_ended 2 "${hanging[@]}"
	(($(as_root pgrep --count -u alice -x hostile-server) > 2))
	touch "$SHARED/stop"
	[[ ! -e $SHARED/waits ]] || { cat "$SHARED/waits" >&2; return 1; }
	end_escaped
	assert_next_steps_work
}

@test "a hostile server harms only its user's step, never the node" {
	! is_emulated ||
		echo "# cut in an emulated machine: attacks that need more nodes" >&3
	campaign ENDING HANGING
}

@test "a hostile server with mount=host harms only its user's step" {
	set_mode mount=host
	campaign SOME_ENDING SOME_HANGING
}

@test "a hostile server with privilege=userns harms only its user's step" {
	set_mode privilege=userns
	campaign SOME_ENDING SOME_HANGING
}
