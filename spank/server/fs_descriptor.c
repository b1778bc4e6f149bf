/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How libfuse comes to its descriptor: it neither mounts nor unmounts.  From
 * 3.14 on it takes the descriptor as it is.  An older one is told "/dev/fd/N",
 * and then tries to open /dev/null first, which the sandbox refuses.
 */
#define FUSE_USE_VERSION 35

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spank/server/fs_descriptor.h"

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 14)
static ssize_t read_request(int fd, void *buffer, size_t size, void *data)
{
	(void)data;
	return read(fd, buffer, size);
}

static ssize_t write_answer(int fd, struct iovec *parts, int count, void *data)
{
	(void)data;
	return writev(fd, parts, count);
}

int fs_descriptor_use(struct fuse_session *session, int fd)
{
	static const struct fuse_custom_io io = {
		.read = read_request,
		.writev = write_answer,
	};

	return fuse_session_custom_io(session, &io, fd);
}
#else
int fs_descriptor_use(struct fuse_session *session, int fd)
{
	char mountpoint[sizeof("/dev/fd/-2147483648")];

	snprintf(mountpoint, sizeof(mountpoint), "/dev/fd/%d", fd);
	return fuse_session_mount(session, mountpoint);
}
#endif

int fs_descriptor_set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags);
}
