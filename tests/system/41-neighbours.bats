#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-3-Clause
#
# What else takes part in a step: TaskProlog, other SPANK plugins before and after
# ours, X11, an interactive shell, sattach and sbcast.
# job_container/tmpfs is in 30-container.bats, --multi-prog in 40-slurm.bats.

load ../lib/common
load ../lib/assert

setup_file() {
	has_plugin || return 0
	local install=$BATS_FILE_TMPDIR/install neighbour=$BATS_FILE_TMPDIR/neighbour.so
	compile_neighbour "$neighbour"
	cp -a "$SPANK_SIF_INSTALL" "$install"
	write_prologs "$install"
	local prolog=()
	! has_task_prolog || prolog=(--conf=TaskProlog=/opt/site/prolog)
	# Slurm's X11 forwarding does not work with proctrack/linuxproc.
	SPANK_SIF_INSTALL=$install cluster_start \
		"${prolog[@]}" --conf=PrologFlags=X11 \
		--conf=ProctrackType=proctrack/pgid \
		--bind="$neighbour:/opt/neighbour.so" \
		--plugstack="required /opt/neighbour.so before" \
		--plugstack-after="required /opt/neighbour.so after"
	local tree=$BATS_FILE_TMPDIR/tree
	image_tree "$tree" "${IMAGE_PROGRAMS[@]}" stty
	echo "only in the image" >"$tree/usr/mark"
	compile_x11 "$tree/usr/bin/x11"
	cp "$tree/usr/bin/x11" "$SHARED/x11"
	image_sif "$tree" "$SHARED/small.sif" -comp lz4
}

setup() {
	need_plugin
}

teardown() {
	has_plugin || return 0
	[[ -z ${BACKGROUND-} ]] || kill "$BACKGROUND" || true
	stop_steps
	as_root sh -c 'rm -rf /home/alice/* /tmp/*'
}

write_prologs() { # INSTALL
	mkdir -p "$1"/opt/site "$1"/etc/slurm
	cat >"$1/opt/site/prolog" <<-'END'
	#!/bin/sh
	echo "print prolog $SLURM_PROCID: $(cat /usr/mark 2>&1)"
	echo "export PROLOG=of task $SLURM_PROCID"
	echo "unset GONE"
	END
	sed 's/print prolog/print other/' "$1/opt/site/prolog" \
		>"$1/etc/slurm/prolog"
	chmod 0755 "$1"/opt/site/prolog "$1"/etc/slurm/prolog
}

# --- TaskProlog ------------------------------------------------------------------

@test "TaskProlog in any directory runs inside; print, export and unset work" {
	need_task_prolog
	run as_alice env GONE=1 srun -n2 --sif-image=/shared/small.sif \
		sh -c 'echo "PROLOG is $PROLOG, ${GONE-unset}"'
	assert_status 0
	assert_line "prolog 0: only in the image"
	assert_line "prolog 1: only in the image"
	assert_line "PROLOG is of task 0, unset"
	assert_line "PROLOG is of task 1, unset"
	run as_alice srun sh -c 'echo "$PROLOG"'
	assert_contains "prolog 0: cat: /usr/mark: No such file"
}

@test "TaskProlog in /etc/slurm runs inside" {
	need_task_prolog
	as_root sh -c 'sed -i.before s:/opt/site/prolog:/etc/slurm/prolog: \
		/etc/slurm/slurm.conf && scontrol reconfigure'
	run wait_until 10 prolog_says "other 0: only in the image"
	as_root sh -c 'mv /etc/slurm/slurm.conf.before /etc/slurm/slurm.conf &&
		scontrol reconfigure'
	assert_status 0
	wait_until 10 prolog_says "prolog 0: only in the image"
}

prolog_says() { # LINE
	[[ $(in_image small -N1 true) == "$1" ]]
}

@test "--task-prolog of the user: in their home, elsewhere with --sif-bind" {
	need_task_prolog
	as_root sh -c 'mkdir -p /opt/mine; for d in /home/alice /opt/mine; do
		printf "#!/bin/sh\necho export MINE=\$(wc -l </usr/mark)\n" >$d/p
		chmod 0755 $d/p; done'
	run in_image small --task-prolog=/home/alice/p sh -c 'echo "MINE is $MINE"'
	assert_status 0
	assert_line "MINE is 1"
	run in_image small --task-prolog=/opt/mine/p --sif-bind=/opt/mine \
		sh -c 'echo "MINE is $MINE"'
	assert_status 0
	assert_line "MINE is 1"
	# As if the file did not exist.
	run in_image small --task-prolog=/opt/mine/p echo ran
	assert_status 1
	assert_contains "user task_prolog can not be executed (/opt/mine/p) No such file or directory"
	refute_line ran
}

# --- other plugins ---------------------------------------------------------------

# Records in the environment where each of its hooks has run.  With its option it
# gives each task a private /tmp, as plugins for private directories do, from its
# place before or after ours.  With --block-sigchld it starts tasks with SIGCHLD
# blocked, as a bug of Slurm 25.05.0 does.
compile_neighbour() { # OUT
	compile -shared -fPIC -D_GNU_SOURCE -I"$(slurm_prefix)/include" -x c \
		-o "$1" - <<-'END'
	#include <fcntl.h>
	#include <sched.h>
	#include <signal.h>
	#include <stdio.h>
	#include <string.h>
	#include <sys/mount.h>
	#include <unistd.h>
	#include <slurm/spank.h>

	SPANK_PLUGIN(neighbour, 1)

	static char place[16];
	static int blocks;

	static int take(int val, const char *value, int remote)
	{
		snprintf(place, sizeof(place), "%s", value);
		return 0;
	}

	static int take_block(int val, const char *value, int remote)
	{
		blocks = 1;
		return 0;
	}

	static void say(spank_t spank, const char *hook, const char *where)
	{
		char name[64];

		snprintf(name, sizeof(name), "AT_%s_%s", hook, where);
		spank_setenv(spank, name,
			access("/usr/mark", F_OK) == 0 ? "inside" : "outside", 1);
	}

	int slurm_spank_init(spank_t spank, int argc, char *argv[])
	{
		struct spank_option option = { "own-tmp", "before|after",
			"for tests", 1, 0, take };
		struct spank_option block = { "block-sigchld", NULL,
			"for tests", 0, 0, take_block };

		if (strcmp(argv[0], "before") != 0)
			return 0;
		spank_option_register(spank, &option);
		spank_option_register(spank, &block);
		return 0;
	}

	int slurm_spank_user_init(spank_t spank, int argc, char *argv[])
	{
		say(spank, "user_init", argv[0]);
		return 0;
	}

	int slurm_spank_task_init_privileged(spank_t spank, int argc, char *argv[])
	{
		if (strcmp(place, argv[0]) != 0)
			return 0;
		if (unshare(CLONE_NEWNS) < 0 ||
			mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0 ||
			mount("own", "/tmp", "tmpfs", 0, "mode=1777") < 0)
			return -1;
		close(open("/tmp/own", O_CREAT | O_WRONLY, 0644));
		return 0;
	}

	int slurm_spank_task_init(spank_t spank, int argc, char *argv[])
	{
		sigset_t child;

		sigemptyset(&child);
		sigaddset(&child, SIGCHLD);
		if (blocks && strcmp(argv[0], "before") == 0)
			sigprocmask(SIG_BLOCK, &child, NULL);
		say(spank, "task_init", argv[0]);
		return 0;
	}
	END
}

@test "hooks of plugins before and after ours run where they should" {
	run in_image small sh -c 'env | grep ^AT_ | sort'
	assert_status 0
	assert_line AT_task_init_after=inside
	assert_line AT_task_init_before=outside
	assert_line AT_user_init_after=outside
	assert_line AT_user_init_before=outside
}

@test "a plugin before or after ours can give the task a private /tmp" {
	before=$(settled_snapshot)
	for place in before after; do
		run in_image small --own-tmp=$place sh -c '
			ls /tmp && touch /tmp/mine && cat /usr/mark'
		assert_status 0
		assert_line own
		assert_line "only in the image"
	done
	assert_host_as_before "$before"
}

@test "a task started with SIGCHLD blocked has it unblocked in the image" {
	run as_alice srun --block-sigchld grep SigBlk /proc/self/status
	assert_status 0
	assert_line $'SigBlk:\t0000000000010000'
	run in_image small --block-sigchld grep SigBlk /proc/self/status
	assert_status 0
	assert_line $'SigBlk:\t0000000000000000'
	run in_image small --block-sigchld sh -c 'sleep 0.2 & wait; echo waited'
	assert_status 0
	assert_line waited
}

# --- X11 -------------------------------------------------------------------------

# A display that only replies and a client that only asks; Xvfb is not needed.
compile_x11() { # OUT
	compile -D_GNU_SOURCE -x c -o "$1" - <<-'END'
	#include <netdb.h>
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>
	#include <sys/socket.h>
	#include <sys/un.h>
	#include <unistd.h>

	static int serve(const char *path)
	{
		struct sockaddr_un address = { .sun_family = AF_UNIX };
		int fd = socket(AF_UNIX, SOCK_STREAM, 0), client;

		strcpy(address.sun_path, path);
		if (bind(fd, (void *)&address, sizeof(address)) || listen(fd, 5))
			return 1;
		while ((client = accept(fd, NULL, NULL)) >= 0) {
			dprintf(client, "the display answers\n");
			close(client);
		}
		return 1;
	}

	/* DISPLAY is HOST:NUMBER.SCREEN. */
	int main(int argc, char *argv[])
	{
		struct addrinfo *found, hints = { .ai_socktype = SOCK_STREAM };
		char *display = getenv("DISPLAY"), port[16], text[64];
		int fd;

		if (argc > 1)
			return serve(argv[1]);
		display = strdup(display);
		snprintf(port, sizeof(port), "%d", 6000 + atoi(strchr(display, ':') + 1));
		*strchr(display, ':') = '\0';
		if (getaddrinfo(display, port, &hints, &found))
			return 2;
		fd = socket(found->ai_family, SOCK_STREAM, 0);
		if (connect(fd, found->ai_addr, found->ai_addrlen))
			return 3;
		return write(1, text, read(fd, text, sizeof(text))) < 1;
	}
	END
}

@test "--x11: DISPLAY and the Xauthority file can be used, also in a private /tmp" {
	type -P xauth >/dev/null || skip "no xauth"
	as_alice sh -c 'mkdir -p /tmp/.X11-unix && xauth -q add login/unix:9 . 00112233445566778899aabbccddeeff' 2>/dev/null
	as_alice /shared/x11 /tmp/.X11-unix/X9 3>&- &
	BACKGROUND=$!
	wait_until 10 as_alice test -S /tmp/.X11-unix/X9
	for tmp in host private; do
		run as_alice env DISPLAY=:9 srun --x11 --sif-tmp=$tmp \
			--sif-image=/shared/small.sif \
			sh -c 'x11; test -s "$XAUTHORITY" && echo "has $XAUTHORITY"'
		assert_status 0
		assert_line "the display answers"
		assert_contains "has /tmp/.Xauthority"
	done
}

# --- interactive use -------------------------------------------------------------

@test "--pty: an interactive shell has job control, Ctrl-C and its status" {
	mkfifo "$BATS_TEST_TMPDIR/keys"
	local log=$BATS_TEST_TMPDIR/log
	script -qec "stty rows 33 cols 77; '$CLUSTER_TOOL' exec '$CLUSTER' -- srun \
		--pty --sif-image=/shared/small.sif bash --norc -i" /dev/null \
		<"$BATS_TEST_TMPDIR/keys" >"$log" 2>&1 3>&- &
	BACKGROUND=$!
	exec {keys}>"$BATS_TEST_TMPDIR/keys"
	echo 'cat /usr/mark; stty size; sleep 1000 & jobs; kill %1' >&$keys
	echo 'echo begin-$((40 + 2)); sleep 1000' >&$keys
	wait_until 20 grep -q begin-42 "$log"
	printf '\003' >&$keys
	echo 'echo status $?; exit 4' >&$keys
	status=0
	wait "$BACKGROUND" || status=$?
	BACKGROUND=
	exec {keys}>&-
	output=$(tr -d '\r' <"$log")
	mapfile -t lines <<<"$output"
	assert_status 4
	assert_line "only in the image"
	assert_line "33 77"
	assert_matches '\[1\]\+ +Running +sleep 1000'
	assert_line "status 130"
	refute_contains "no job control"
}

@test "sattach shows the output of a running step" {
	(($(slurm_release) != 2311)) ||
		skip "sattach of Slurm 23.11 attaches to no step, with or without an image"
	as_alice sh -c 'printf "%s\n" "#!/bin/sh" "srun --label sh -c \"
		until test -e go; do cat /usr/mark; sleep 0.1; done\"" >job
		sbatch --quiet -n2 --output=/dev/null --sif-image=/shared/small.sif job'
	wait_until 20 has_step
	local job
	job=$(as_alice squeue --noheader --format=%A)
	as_alice sattach "$job.0" >"$SHARED/log" 3>&- &
	BACKGROUND=$!
	wait_for_lines "$SHARED/log" 4
	as_alice touch go
	wait "$BACKGROUND"
	BACKGROUND=
	run cat "$SHARED/log"
	assert_contains "only in the image"
}

has_step() {
	as_alice squeue --steps --noheader --format=%i | grep -q '\.0$'
}

@test "--bcast copies a program of the submit host to each node" {
	as_alice cp /shared/x11 /home/alice/mine
	run in_image small -N2 --bcast=/tmp/mine ./mine /tmp/none/x
	assert_status 1
	assert_equal "$(as_root sh -c 'cmp /tmp/mine /shared/x11 && echo same')" same
	as_alice sh -c 'printf "#!/bin/sh\ncat /usr/mark\n" >mine'
	run in_image small -N2 --bcast ./mine
	assert_status 0
	assert_line "only in the image" 2
}
