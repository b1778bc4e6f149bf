/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_SPLICE_H
#define SPANK_SERVER_FUSE_SPLICE_H

/*
 * Answers to reads of data that is stored as it is: from the page cache of the
 * image's file to that of the mount by splice(2), without a copy in between.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The pipe that it goes through; empty between two answers. */
struct splice_pipe {
	int to_read, to_write;
	size_t most; /* bytes of data that it holds; 0 if there is no pipe */
};

/* May fail: then nothing is ever sent by it. */
void splice_pipe_open(struct splice_pipe *pipe);

/*
 * Answer the request `unique` with `size` bytes at `offset` of `file`.  False,
 * and no answer, if they are not in the page cache, or the kernel or the file's
 * system does not do it.
 */
bool splice_reply(struct splice_pipe *pipe, int fuse_fd, uint64_t unique,
	int file, off_t offset, size_t size);

#endif
