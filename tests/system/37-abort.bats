#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# An image on a file system that hangs: the server cannot be killed, but the tasks
# that wait for it can.  And a server that its user stops: root's processes that look
# at the user's processes do not wait for it.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	cluster_start --nodes=1
	image_tree "$BATS_FILE_TMPDIR/tree"
	# More entries than the server reads at once; it may have read the first
	# of them together with another directory.
	mkdir "$BATS_FILE_TMPDIR/tree/many"
	(cd "$BATS_FILE_TMPDIR/tree/many" && seq -f %050.0f 5000 | xargs touch)
	mkdir "$BATS_FILE_TMPDIR/tree/small"
	echo one >"$BATS_FILE_TMPDIR/tree/small/1"
	echo two >"$BATS_FILE_TMPDIR/tree/small/2"
	image_sif "$BATS_FILE_TMPDIR/tree" "$SHARED/good.sif" -comp lz4
	# shellcheck disable=SC2046
	compile -D_GNU_SOURCE $(pkg-config --cflags fuse3) -o "$SHARED/hung-file" \
		"$BATS_TEST_DIRNAME/hung-file.c" $(pkg-config --libs fuse3)
	as_alice srun true
	compile_trap
}

teardown() {
	has_plugin || return 0
	end_stopping
	touch "$SHARED/let-go"
	as_root pkill -x hung-file || true
	as_root sh -c 'umount --lazy /hung; rmdir /hung' || true
	stop_steps
}

start_hung_file() {
	as_root sh -c 'mkdir /hung && setsid /shared/hung-file /shared/good.sif \
		/shared/trigger /hung </dev/null >/dev/null 2>&1 3>&- &'
	wait_until 5 as_root test -e /hung/image.sif
}

# In the kernel, for a reply.
tasks_wait() {
	local pid
	for pid in $(<"$SHARED/pids"); do
		as_root grep -q request_wait "/proc/$pid/stack" || return 1
	done
}

# Stops one thread of slurmstepd, its watchdog, until this is killed or may end.
hold_watch() {
	rm -f "$SHARED/let-go"
	compile -x c -o "$SHARED/hold" - <<-'END'
	#include <stdlib.h>
	#include <sys/ptrace.h>
	#include <unistd.h>

	int main(int argc, char *argv[])
	{
		int thread = argc > 1 ? atoi(argv[1]) : 0;

		if (ptrace(PTRACE_SEIZE, thread, 0, 0) < 0 ||
			ptrace(PTRACE_INTERRUPT, thread, 0, 0) < 0)
			return 1;
		while (access("/shared/let-go", F_OK) < 0)
			usleep(10000);
		return 0;
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

@test "other requests are answered while one waits for storage" {
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

@test "data in the server's cache can be read while storage hangs" {
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

@test "scancel ends tasks that wait for a server that cannot be killed" {
	start_hung_file
	start_step -n4 --chdir=/shared --sif-image=/hung/image.sif sh -c '
		sleep 0.1; echo $$ >>pids; until [ -e trigger ]; do sleep 0.1; done
		[ -e "$(printf "/many/%050.0f" $(((SLURM_PROCID + 1) * 999)))" ]'
	wait_for_lines "$SHARED/pids" 4
	touch "$SHARED/trigger"
	wait_until 10 tasks_wait
	# The control: without the watchdog, neither SIGKILL nor Slurm ends them.
	hold_watch
	as_alice scancel --user=alice
	wait_until 10 servers_are_dying
	run wait_until 3 tasks_are_gone
	assert_failure
	as_root pkill -x hold
	wait_until 5 tasks_are_gone
	# The file system ends, and the server with it.
	as_root pkill -x hung-file
	wait_step 30
	rm "$SHARED"/{trigger,pids}
	assert_failure
	wait_until 5 no_servers
}

# A node may have thousands of processes.
@test "the watchdog does not scan the node's processes for a step without a mount" {
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
	# The C library writes names of threads there.
	assert_matches '"/proc/self/task/[0-9]*/comm"'
	refute_contains '"/proc/1/status"'
}

# --- a stopped server ----------------------------------------------------------

# Two processes that wait for `go`.  One then reads a page of the image, not read
# before, in the memory of the other, and so holds a lock on that memory until the
# server replies.  The other waits for the lock to change its memory, and root's ps
# waits behind it.
compile_trap() {
	compile -static -O1 -D_GNU_SOURCE -x c -o "$SHARED/trap" - <<-'END'
	#include <fcntl.h>
	#include <stdio.h>
	#include <sys/mman.h>
	#include <unistd.h>

	static void change_memory(void)
	{
		for (;; usleep(1000))
			munmap(mmap(NULL, 4096, PROT_READ,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
	}

	int main(int argc, char *argv[])
	{
		int memory, file = open(argv[1], O_RDONLY);
		char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, file, 0);
		pid_t pid = fork();
		char path[64], byte;
		FILE *told;

		if (pid == 0)
			change_memory();
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
		memory = open(path, O_RDONLY);
		told = fopen("trapped", "w");
		if (page == MAP_FAILED || memory < 0 || !told)
			return 1;
		fprintf(told, "%d\n", (int)pid);
		fclose(told);
		while (access("go", F_OK) < 0)
			usleep(1000);
		if (pread(memory, &byte, 1, (off_t)page) < 0)
			perror("image");
		creat("released", 0644);
		for (;;)
			pause();
	}
	END
}

start_trap() {
	rm -f "$SHARED"/{go,released,looked,let-go}
	start_step --chdir=/shared --sif-image=/shared/good.sif ./trap /small/1
	wait_for_lines "$SHARED/trapped"
	TRAP=$(<"$SHARED/trapped")
	rm "$SHARED/trapped"
}

# It waits for the lock on its own memory.
trap_has_shut() {
	as_root grep -q '^State:.D' "/proc/$TRAP/status"
}

is_released() {
	test -e "$SHARED/released"
}

# Like ps.
root_looks() {
	as_root sh -c "cat /proc/$TRAP/cmdline >/shared/looked 2>&1
		echo >>/shared/looked" 3>&- &
}

root_has_looked() {
	file_has_lines "$SHARED/looked" 1
}

servers_are() { # STATE
	local pid
	for pid in $(server_pids) $(guard_pids); do
		as_root grep -q "^State:.$1" "/proc/$pid/status" || return 1
	done
}

# The control for the next test.  pkill would hang, too.
@test "without the watchdog, root's look at a process waits for its stopped server" {
	start_trap
	hold_watch
	as_alice pkill -STOP -x "$SERVER_COMM|$GUARD_COMM"
	wait_until 5 servers_are T
	touch "$SHARED/go"
	wait_until 5 trap_has_shut
	root_looks
	run wait_until 2 root_has_looked
	assert_failure
	touch "$SHARED/let-go"
	wait_until 5 root_has_looked
}

@test "root's look at a process does not wait: its stopped server is continued" {
	start_trap
	as_alice pkill -STOP -x "$SERVER_COMM|$GUARD_COMM"
	touch "$SHARED/go"
	timed wait_until 10 is_released
	((elapsed_ms < 3000))
	wait_until 5 servers_are S
	as_alice pkill -x trap
	wait_step
	run cat "$STEP_OUTPUT"
	refute_contains "image:"
	wait_until 5 no_servers
}

@test "a stopped guard still replaces its server" {
	need_replacement
	start_step --chdir=/shared --sif-image=/shared/good.sif sh -c '
		: >ready; until [ -e trigger ]; do sleep 0.1; done; read line </small/2
		echo "$line"'
	wait_until 20 test -e "$SHARED/ready"
	as_alice pkill -STOP -x "$GUARD_COMM"
	as_alice pkill -KILL -x "$SERVER_COMM"
	touch "$SHARED/trigger"
	wait_step
	rm "$SHARED"/{ready,trigger}
	assert_status 0
	assert_line two
}

# Root must not wait for that, either; the user loses the step.
@test "a server that is stopped again and again loses its connection" {
	local who
	for who in "$SERVER_COMM" "$SERVER_COMM|$GUARD_COMM"; do
		start_trap
		begin_stopping "$who"
		touch "$SHARED/go"
		timed wait_until 10 is_released
		((elapsed_ms < 3000))
		root_looks
		wait_until 5 root_has_looked
		as_alice scancel --user=alice
		wait_step 30
		assert_failure
		end_stopping
		wait_until 10 no_servers
	done
	nodes_become_idle
}
