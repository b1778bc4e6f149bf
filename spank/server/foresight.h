/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FORESIGHT_H
#define SPANK_SERVER_FORESIGHT_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/server/squash.h"

/*
 * Decompresses into the image's cache what a step is likely to read first: what
 * the plugin reads of every image, the command, its interpreter and libraries.
 * All of it is a guess, nothing depends on it.  Limited in files and in bytes.
 */
struct foresight;

/*
 * `image` is borrowed; `command` is the step's, NULL if it is not known, a name
 * or a path.  At most `bytes` are decompressed.  NULL if there is no memory.
 */
struct foresight *foresight_open(struct squash *image, const char *command,
	size_t bytes);

/* Do a little: some 100 us.  False if there is nothing left. */
bool foresight_step(struct foresight *foresight);

/* The paths of files that were foreseen, one a line, as far as there is room.
 */
void foresight_list(const struct foresight *foresight, char *text, size_t size);

/* NULL-safe. */
void foresight_close(struct foresight *foresight);

#endif
