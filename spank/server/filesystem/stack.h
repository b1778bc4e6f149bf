/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_STACK_H
#define SPANK_SERVER_FILESYSTEM_STACK_H

#include "common/error.h"
#include "spank/server/filesystem/filesystem.h"

#define STACK_LAYERS_MAX 64

/*
 * Show several file systems as one tree, as the kernel's overlayfs does;
 * layers[0] is the lowest.  A file hides what is below it.  A directory is
 * merged with the directories below it, unless it is opaque: it has an
 * attribute that says so (opaque.h), or a file ".wh..wh..opq".  A whiteout
 * hides what is below it and is not shown: a character device 0:0, or a file
 * ".wh.NAME".  Names that begin with ".wh." are never shown.  The roots are
 * always merged.
 *
 * On success the layers belong to the stack.  A single layer is returned as it
 * is.  Processes that are forked later can use the stack; each of them knows
 * what the others have found out about it.
 *
 * References are below 2^54.  The st_ino of the lowest layer is unchanged.
 * Apart from EIO, functions fail with ENOMEM if the tree has too many merged
 * directories.
 */
int stack_open(struct filesystem *const *layers, size_t count,
	struct filesystem **ret_fs, struct error *err);

#endif
