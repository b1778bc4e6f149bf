/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FS_HELPERS_H
#define SPANK_SERVER_FS_HELPERS_H

#include <stdint.h>

#include "spank/server/squash.h"

/*
 * Threads that nobody waits for.  They push what was decompressed, but not
 * asked for, into the kernel's page cache, and decompress what will be asked
 * for next.  If they are busy, that is left undone.
 */
struct fs_helpers;

/*
 * One thread pushes to `fd`, a /dev/fuse, and up to `ahead` threads read ahead,
 * as many as can be started.  All of them run until the process ends.  -1 with
 * errno.
 */
int fs_helpers_start(int fd, struct squash *image, size_t ahead,
	struct fs_helpers **ret_helpers);

/* Read ahead, and push, what `data` of the node says will be wanted. */
void fs_helpers_read_ahead(struct fs_helpers *helpers, uint64_t node,
	const struct squash_data *data);

/*
 * Push the extras of `data`, which are taken out of it, except for what was
 * asked for: data->size bytes at `offset` of the node.
 */
void fs_helpers_push(struct fs_helpers *helpers, uint64_t node, uint64_t offset,
	struct squash_data *data);

#endif
