/* SPDX-License-Identifier: BSD-3-Clause */
/* The header is written into a pipe, the data is spliced into it, and both are
 * spliced to the kernel at once. */
#include <fcntl.h>
#include <linux/fuse.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spank/server/fuse/splice.h"
#include "spank/server/filesystem/read_context.h"

/* The usual limit without privileges. */
#define PIPE_SIZE (1024 * 1024)

/* Pages that are not full: the header, the first and the last of the data. */
#define PARTLY_FILLED 3

void splice_pipe_open(struct splice_pipe *pipe)
{
	int ends[2], size;

	pipe->most = 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	/* Users who have many pipes get small ones. */
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
	size = fcntl(ends[1], F_GETPIPE_SZ) -
	       PARTLY_FILLED * (int)sysconf(_SC_PAGESIZE);
	pipe->to_read = ends[0];
	pipe->to_write = ends[1];
	pipe->most = size > 0 ? size : 0;
}

static bool fill(const struct splice_pipe *pipe, uint64_t unique, int file,
	off_t offset, size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + size,
		.unique = unique,
	};
	struct iovec part = { &header, sizeof(header) };

	return writev(pipe->to_write, &part, 1) == sizeof(header) &&
	       splice(file, &offset, pipe->to_write, NULL, size,
		       SPLICE_F_NONBLOCK) == (ssize_t)size;
}

/* Left-over bytes must not become part of the next answer. */
static void empty(const struct splice_pipe *pipe)
{
	char bytes[4096];

	while (read(pipe->to_read, bytes, sizeof(bytes)) > 0)
		;
}

bool splice_reply(struct splice_pipe *pipe, int fuse_fd, uint64_t unique,
	int file, off_t offset, size_t size)
{
	size_t length = sizeof(struct fuse_out_header) + size;

	if (size > pipe->most || !page_cache_has(file, offset, size))
		return false;
	if (fill(pipe, unique, file, offset, size) &&
		splice(pipe->to_read, NULL, fuse_fd, NULL, length, 0) ==
			(ssize_t)length)
		return true;
	empty(pipe);
	return false;
}
