/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_STACK_H
#define SPANK_SERVER_FILESYSTEM_STACK_H

#include "common/error.h"
#include "spank/server/filesystem/filesystem.h"

#define STACK_LAYERS_MAX 64

/*
 * Show several file systems as one tree, as the kernel's overlayfs does: [0] is
 * the lowest.  A file hides what is below it; a directory is merged with
 * directories below it, unless it is opaque.  A whiteout hides what is below it
 * and is not shown: a character device 0:0, or a file ".wh.NAME".  A directory
 * is opaque if it is marked so (see opaque.h) or has a file ".wh..wh..opq".
 * What begins with ".wh." is never shown.  The roots are always merged.
 *
 * On success the layers belong to the stack.  One layer is returned as it is.
 * Processes that are forked later can go on with the stack: what they add to
 * its memory they share.
 *
 * References are below 2^54, and st_ino of the lowest layer is unchanged.
 * Besides EIO there is ENOMEM, if the tree has too many merged directories.
 */
int stack_open(struct filesystem *const *layers, size_t count,
	struct filesystem **ret_fs, struct error *err);

#endif
