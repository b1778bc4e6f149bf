/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_PREFETCH_H
#define SPANK_SERVER_PREFETCH_PREFETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/server/filesystem/filesystem.h"

/*
 * Decompresses into the image's cache what a step is likely to read first: the
 * files that the plugin reads in every image, the command, its interpreter and
 * libraries.  All of it is a guess; nothing depends on it.  The number of files
 * and bytes and the time are limited, whatever the image is.
 */
struct prefetch;

/*
 * `image` is borrowed; `command` is the step's, NULL if it is not known, a name
 * or a path.  At most `bytes` of files are decompressed.  NULL if there is no
 * memory.
 */
struct prefetch *prefetch_open(struct filesystem *image, const char *command,
	size_t bytes);

/* Take one step: read a block, find out what a file needs, or look for one
 * path.  False if nothing is left to do, or time is up. */
bool prefetch_step(struct prefetch *prefetch);

/* Fill in the paths of the files found, one a line; those that do not fit are
 * left out. */
void prefetch_list(const struct prefetch *prefetch, char *text, size_t size);

/* NULL-safe. */
void prefetch_close(struct prefetch *prefetch);

#endif
