/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_READAHEAD_H
#define SPANK_SERVER_FUSE_READAHEAD_H

#include <stddef.h>

#include "spank/server/filesystem/filesystem.h"

/*
 * Threads that nobody waits for: they decompress what will be requested next.
 * While they are busy, further blocks are dropped.
 */
struct readahead;

/*
 * Start `ahead` threads, or as many as possible.  They run until the process
 * ends.  -1 with errno.
 */
int readahead_start(struct filesystem *image, size_t ahead,
	struct readahead **ret_readahead);

/*
 * Read ahead what `data` says will be wanted.  `busy` threads are answering
 * requests: guesses are queued only if a CPU is left for them.
 */
void readahead_queue(struct readahead *readahead, const struct fs_data *data,
	size_t busy);

#endif
