/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_SPLICE_H
#define SPANK_SERVER_FUSE_SPLICE_H

/*
 * Answers reads of stored data with splice(2): from the page cache of the
 * image's file into that of the mount, without a copy in the server.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The pipe in between; empty between two answers. */
struct splice_pipe {
	int to_read, to_write;
	size_t most; /* bytes of data that fit; 0 if there is no pipe */
};

/* If it fails, splice_reply() always returns false. */
void splice_pipe_open(struct splice_pipe *pipe);

/*
 * Answer the request `unique` with `size` bytes at `offset` of `file`.  False,
 * and no answer, if they are not in the page cache, or if the kernel or the
 * file system cannot splice them.
 */
bool splice_reply(struct splice_pipe *pipe, int fuse_fd, uint64_t unique,
	int file, off_t offset, size_t size);

#endif
