/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_PREFETCH_H
#define SPANK_SERVER_PREFETCH_PREFETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/server/squashfs/squash.h"

/*
 * Decompresses into the image's cache what a step is likely to read first: what
 * the plugin reads of every image, the command, its interpreter and libraries.
 * All of it is a guess, nothing depends on it.  Limited in files, in bytes, and
 * in time, whatever the image may be.
 */
struct prefetch;

/*
 * `image` is borrowed; `command` is the step's, NULL if it is not known, a name
 * or a path.  At most `bytes` of files are decompressed.  NULL if there is no
 * memory.
 */
struct prefetch *prefetch_open(struct squash *image, const char *command,
	size_t bytes);

/* Do a little: read a block, ask a file what it needs, or look for one path.
 * False if there is nothing left, or no time. */
bool prefetch_step(struct prefetch *prefetch);

/* The paths of files that were found, one a line, as far as there is room.
 */
void prefetch_list(const struct prefetch *prefetch, char *text, size_t size);

/* NULL-safe. */
void prefetch_close(struct prefetch *prefetch);

#endif
