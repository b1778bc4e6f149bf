/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank-sif-keeper: mounts the image of a step on the host (mount=host).  The
 * plugin starts it (common/privileged/spawn_as_user.h) as the job's user,
 * without capabilities.  Only a socket to the image server and two pipes
 * are open: one reports failures, slurmstepd closes the other at the end.
 *
 *   1. make sure that no other process of the user traces this one
 *   2. fusermount3 mounts, and sends a descriptor, which goes to the server
 *   3. wait until the server closes its end, because all tasks have started or
 *      never will; or until slurmstepd is gone
 *   4. fusermount3 unmounts lazily: the tasks keep their own clone
 *   5. set no_new_privs, as no setuid program is needed any more, and wait for
 *      slurmstepd, whose loop would be delayed by an earlier end
 *
 * It reads neither the image nor what is mounted.  The directories belong to
 * root, and slurmstepd removes them.
 *
 * Usage: spank-sif-keeper timeout=30 mountpoint=DIRECTORY
 *
 * Arguments: common/keeper_args.h.  Exit statuses: common/server_start.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/keeper_args.h"
#include "common/message.h"
#include "common/privileged/run.h"
#include "common/server_start.h"
#include "common/tracing.h"
#include "common/version.h"

#define UNMOUNT_TIMEOUT_MS 5000
#define UNMOUNT_TRIES      5
#define UNMOUNT_PAUSE_MS   200

/* fusermount3 sends one byte with the descriptor (unix(7)). */
static int receive_fd(int socket)
{
	union {
		char bytes[CMSG_LEN(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr packet = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_LEN(sizeof(int)) };
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(socket, &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != 1)
		return -1;
	header = CMSG_FIRSTHDR(&packet);
	if (header && header->cmsg_level == SOL_SOCKET &&
		header->cmsg_type == SCM_RIGHTS &&
		header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(int));
	return fd;
}

/* fusermount3 finds the number of its socket in the environment. */
static int run_program(const char *path, char *const argv[], int socket,
	struct deadline deadline, struct error *err)
{
	static char *const environment[] = { "_FUSE_COMMFD=0", NULL };
	char output[1024];
	int status = priv_run_with_envp(path, argv, environment, socket,
		deadline, output, sizeof(output), err);

	if (status > 0) {
		output[strcspn(output, "\n")] = '\0';
		error_set(err, 0, "'%s' failed: %s", path, output);
	}
	return status == 0 ? 0 : -1;
}

/* Returns the FUSE descriptor, owned by the caller. */
static int mount_image(const struct keeper_args *args, struct error *err)
{
	char *argv[] = { "fusermount3", "-o",
		"fsname=spank-sif,subtype=sif,nosuid,nodev", "--",
		(char *)args->mountpoint, NULL };
	CLEANUP_FD int own_fd = -1;
	CLEANUP_FD int other_fd = -1;
	int ends[2], fd;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	own_fd = ends[0];
	other_fd = ends[1];
	if (run_program(FUSERMOUNT_PATH, argv, other_fd,
		    deadline_in_ms(args->timeout_s * 1000), err) < 0)
		return error_prefix(err,
			"cannot mount the image on the host, as "
			"--sif-host-mount, or mount=host in plugstack.conf, "
			"wants it (is fusermount3 of the package fuse3 "
			"installed?)");
	fd = receive_fd(own_fd);
	if (fd < 0)
		return error_set(err, 0, "fusermount3 has sent no descriptor");
	return fd;
}

/*
 * fusermount3 looks into /etc/mtab for the owner of the mount.  Minimal systems
 * lack that file; umount(8) asks the kernel.
 */
static int try_unmount(const char *path, struct error *err)
{
	char *fusermount[] = { "fusermount3", "-u", "-z", "--", (char *)path,
		NULL };
	char *umount[] = { "umount", "-l", "--", (char *)path, NULL };
	struct error second;

	if (run_program(FUSERMOUNT_PATH, fusermount, SERVER_LIFELINE_FD,
		    deadline_in_ms(UNMOUNT_TIMEOUT_MS), err) == 0 ||
		run_program(UMOUNT_PATH, umount, SERVER_LIFELINE_FD,
			deadline_in_ms(UNMOUNT_TIMEOUT_MS), &second) == 0)
		return 0;
	return error_hint(err, second.text);
}

static int unmount_image(const char *path)
{
	struct error err;
	int tries;

	for (tries = 0; tries < UNMOUNT_TRIES; tries++) {
		if (tries > 0)
			poll(NULL, 0, UNMOUNT_PAUSE_MS);
		if (try_unmount(path, &err) == 0)
			return 0;
	}
	/* Lost if slurmstepd is gone. */
	if (write(SERVER_EXTRA_FD, err.text, strlen(err.text)) < 0)
		errno = 0;
	return HOST_MOUNTER_EXIT_UNMOUNT;
}

/* Waits without a deadline: both ends close with their processes. */
static void wait_for_start(void)
{
	struct pollfd ends[] = {
		{ .fd = SERVER_CONTROL_FD, .events = POLLIN },
		{ .fd = SERVER_LIFELINE_FD, .events = POLLIN },
	};

	while (poll(ends, 2, -1) < 0 && errno == EINTR)
		;
}

static void wait_for_end(void)
{
	struct pollfd end = { .fd = SERVER_LIFELINE_FD, .events = POLLIN };

	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
}

int main(int argc, char *argv[])
{
	struct keeper_args args;
	struct error err = { 0 }, args_err;
	int forbidden = tracing_forbid(&err);
	int fuse_fd, status;

	if (version_asked(argc, argv, "spank-sif-keeper"))
		return 0;
	if (keeper_args_parse(argv, &args, &args_err) < 0) {
		fprintf(stderr, "%s: %s\n", argv[0], args_err.text);
		return SERVER_EXIT_USAGE;
	}
	/* It was ignored, so that the kernel would reap fusermount3. */
	signal(SIGCHLD, SIG_DFL);
	fuse_fd = forbidden < 0 ? error_prefix(&err,
					  "cannot mount the image on the host")
				: mount_image(&args, &err);
	if (fuse_fd < 0) {
		message_send(SERVER_CONTROL_FD, MESSAGE_FAILED, err.text, -1);
		return SERVER_EXIT_CONTROL;
	}
	/* If the server is gone, the end of its socket says so below. */
	message_send(SERVER_CONTROL_FD, MESSAGE_MOUNT, NULL, fuse_fd);
	close(fuse_fd);
	wait_for_start();
	status = unmount_image(args.mountpoint);
	close(SERVER_CONTROL_FD);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	wait_for_end();
	return status;
}
