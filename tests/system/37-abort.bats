#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# An image on a file system that hangs: the server cannot be killed, but the
# tasks that wait for it can.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1
	image_tree "$BATS_FILE_TMPDIR/tree"
	# More than the server reads of a directory at a time; the first of them it
	# may have read with another directory.
	mkdir "$BATS_FILE_TMPDIR/tree/many"
	(cd "$BATS_FILE_TMPDIR/tree/many" && seq -f %050.0f 5000 | xargs touch)
	mkdir "$BATS_FILE_TMPDIR/tree/small"
	echo one >"$BATS_FILE_TMPDIR/tree/small/1"
	echo two >"$BATS_FILE_TMPDIR/tree/small/2"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	# shellcheck disable=SC2046
	gcc -D_GNU_SOURCE $(pkg-config --cflags fuse3) -o "$SHARED/hung-file" \
		"$BATS_TEST_DIRNAME/hung-file.c" $(pkg-config --libs fuse3)
	as_alice srun true
}

teardown() {
	has_plugin || return 0
	as_root sh -c 'umount --lazy /hung; rmdir /hung' || true
	stop_steps
}

start_hung_file() {
	as_root sh -c 'mkdir /hung && setsid /shared/hung-file /shared/good.sif \
		/shared/trigger /hung </dev/null >/dev/null 2>&1 3>&- &'
	wait_until 5 as_root test -e /hung/image.sif
}

# In the kernel, for an answer.
tasks_wait() {
	local pid
	for pid in $(<"$SHARED/pids"); do
		as_root grep -q request_wait "/proc/$pid/stack" || return 1
	done
}

# Holds one thread of slurmstepd, its watch, until this is killed.
hold_watch() {
	gcc -x c -o "$SHARED/hold" - <<-'END'
	#include <stdlib.h>
	#include <sys/ptrace.h>
	#include <unistd.h>

	int main(int argc, char *argv[])
	{
		int thread = argc > 1 ? atoi(argv[1]) : 0;

		if (ptrace(PTRACE_SEIZE, thread, 0, 0) < 0 ||
			ptrace(PTRACE_INTERRUPT, thread, 0, 0) < 0)
			return 1;
		for (;;)
			pause();
	}
	END
	thread=$(as_root sh -c 'grep -l spank-sif-watch /proc/[0-9]*/task/*/comm' |
		cut -d/ -f5)
	as_root /shared/hold "$thread" 3>&- &
	wait_until 5 as_root grep -q '^State:.*tracing stop' "/proc/$thread/status"
}

tasks_are_gone() {
	local pid
	for pid in $(<"$SHARED/pids"); do
		! as_root test -d "/proc/$pid" || return 1
	done
}

# SIGKILL is pending for all of them.
servers_are_dying() {
	local pid
	for pid in $(server_pids); do
		as_root grep -qE '^S[a-z]+Pnd:.*[13579bdf]..$' "/proc/$pid/status" || return 1
	done
}

is_answered() {
	test -e "$SHARED/answered"
}

@test "while one request waits for storage, others are answered" {
	start_hung_file
	start_step -n2 --chdir=/shared --sif-image=/hung/image.sif sh -c '
		[ -d /etc ] && sleep 0.1 && echo >>ready
		[ $SLURM_PROCID = 1 ] || echo $$ >>pids
		until [ -e trigger ]; do sleep 0.1; done
		[ $SLURM_PROCID = 1 ] || [ -e "$(printf "/many/%050.0f" 999)" ]
		until [ -e ask ]; do sleep 0.1; done
		[ -e /nowhere ] || : >answered'
	wait_for_lines "$SHARED/ready" 2
	wait_for_lines "$SHARED/pids" 1
	touch "$SHARED/trigger"
	wait_until 10 tasks_wait
	touch "$SHARED/ask"
	wait_until 5 is_answered
	tasks_wait
	as_root pkill -x hung-file
	wait_step 30
	rm "$SHARED"/{trigger,ready,pids,ask,answered}
	wait_until 5 no_servers
}

@test "what is in the server's cache is read while storage hangs" {
	start_hung_file
	# The tails of both files are in one fragment.
	start_step --chdir=/shared --sif-image=/hung/image.sif sh -c '
		read line </small/1
		[ -e /small/2 ] && sleep 0.1 && echo >>ready
		until [ -e trigger ]; do sleep 0.1; done
		read line </small/2 && [ "$line" = two ] && : >answered'
	wait_for_lines "$SHARED/ready" 1
	touch "$SHARED/trigger"
	wait_until 5 is_answered
	as_root pkill -x hung-file
	wait_step 30
	rm "$SHARED"/{trigger,ready,answered}
	wait_until 5 no_servers
}

@test "scancel ends the tasks that wait for a server which cannot be killed" {
	start_hung_file
	start_step -n4 --chdir=/shared --sif-image=/hung/image.sif sh -c '
		echo $$ >>pids; until [ -e trigger ]; do sleep 0.1; done
		[ -e "$(printf "/many/%050.0f" $(((SLURM_PROCID + 1) * 999)))" ]'
	wait_for_lines "$SHARED/pids" 4
	touch "$SHARED/trigger"
	wait_until 10 tasks_wait
	# The control: without its watch, neither SIGKILL nor Slurm ends them.
	hold_watch
	as_alice scancel --user=alice
	wait_until 10 servers_are_dying
	run wait_until 3 tasks_are_gone
	assert_failure
	as_root pkill -x hold
	wait_until 5 tasks_are_gone
	# The file system comes to its end, and with it the server.
	as_root pkill -x hung-file
	wait_step 30
	rm "$SHARED"/{trigger,pids}
	assert_failure
	wait_until 5 no_servers
}

# There may be thousands.
@test "the watch does not look at all processes of the node for a step without a mount" {
	local slurmd tracer
	slurmd=$(as_root pgrep -x slurmd)
	as_root strace -f -qq -e trace=openat -o /shared/trace -p "$slurmd" 3>&- &
	tracer=$!
	wait_until 10 as_root grep -q '^TracerPid:.*[1-9]' "/proc/$slurmd/status"
	run as_alice srun -n4 --sif-image=/shared/good.sif --sif-bind=/nowhere true
	assert_status 1
	wait_until 20 no_jobs
	as_root pkill -INT -x strace
	wait "$tracer" || true
	run cat "$SHARED/trace"
	# The C library writes the name of a thread there.
	assert_matches '"/proc/self/task/[0-9]*/comm"'
	refute_contains '"/proc/1/status"'
}
