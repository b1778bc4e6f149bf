/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The step's user namespace, for sites that do not want tasks to keep
 * capabilities (privilege=userns).  spank/userns/main.c says why another
 * program creates it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/run.h"
#include "common/privileged/userns.h"
#include "spank/plugin/container/user_namespace.h"

int user_namespace_make(struct deadline deadline, struct error *err)
{
	char *argv[] = { "spank-sif-userns", NULL };
	char output[ERROR_TEXT_SIZE];
	CLEANUP_FD int own_fd = -1;
	CLEANUP_FD int makers_fd = -1;
	CLEANUP_FD int fd = -1;
	struct message message;
	int ends[2], status;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	own_fd = ends[0];
	makers_fd = ends[1];
	status = priv_run(USERNS_PATH, argv, makers_fd, deadline, output,
		sizeof(output), err);
	if (status < 0)
		return -1;
	if (status != 0)
		return error_set(err, 0, "%s", output);
	if (message_receive(own_fd, deadline_in_ms(0), &message, &fd) != 1 ||
		message.type != MESSAGE_ENTER || fd < 0)
		return error_set(err, EPROTO,
			"'%s' did not create a user namespace", USERNS_PATH);
	return fd_take(&fd);
}

int user_namespace_enter_new(struct deadline deadline, struct error *err)
{
	CLEANUP_FD int fd = user_namespace_make(deadline, err);

	if (fd < 0)
		return error_prefix(err, "privilege=userns in plugstack.conf");
	return priv_userns_enter(fd, err);
}

int user_namespace_open_fuse(int *ret_fds, size_t count, struct error *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		ret_fds[i] = open("/dev/fuse", O_RDWR | O_CLOEXEC);
		if (ret_fds[i] < 0)
			return error_set(err, errno,
				"cannot open '/dev/fuse' on this node as the "
				"user, as privilege=userns in plugstack.conf "
				"wants it (is the module fuse loaded, and the "
				"device's mode 0666?)");
	}
	return 0;
}
