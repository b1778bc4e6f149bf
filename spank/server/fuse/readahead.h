/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_READAHEAD_H
#define SPANK_SERVER_FUSE_READAHEAD_H

#include <stddef.h>

#include "spank/server/squashfs/squash.h"

/*
 * Threads that nobody waits for: they decompress what will be asked for next.
 * If they are busy, that is left undone.
 */
struct readahead;

/*
 * `ahead` threads, or as many as can be started, which run until the process
 * ends.  -1 with errno.
 */
int readahead_start(struct squash *image, size_t ahead,
	struct readahead **ret_readahead);

/*
 * Read ahead what `data` says will be wanted.  With `busy` threads that others
 * wait for, guesses are left to CPUs that have nothing else to do.
 */
void readahead_queue(struct readahead *readahead,
	const struct squash_data *data, size_t busy);

#endif
