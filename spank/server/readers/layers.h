/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_READERS_LAYERS_H
#define SPANK_SERVER_READERS_LAYERS_H

#include "common/error.h"
#include "common/sif.h"
#include "spank/server/filesystem/stack.h"

/* File systems, from the bottom to the top, for a stack.  Zeroed: none. */
struct layers {
	struct filesystem *list[STACK_LAYERS_MAX];
	size_t count;
};

/*
 * Open the file systems in the image file `fd`, borrowed, and put them at the
 * top.  Above the lowest one an ext file system shows its directory "upper", if
 * it has one: the runtimes keep there what was written over an image.  err: as
 * reader_open().
 */
int layers_add(struct layers *layers, int fd, const struct sif_layers *found,
	struct error *err);

void layers_close(struct layers *layers);

#endif
