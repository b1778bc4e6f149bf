/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_EXT_EXT_H
#define SPANK_SERVER_EXT_EXT_H

#include "common/error.h"
#include "common/sif.h"
#include "spank/server/filesystem/filesystem.h"

/*
 * Open the ext2, ext3 or ext4 at `partition` of the image file *fd.  On success
 * the descriptor belongs to the file system and *fd becomes -1.  Nothing
 * outside the partition is ever read.  err->text is a sentence about "it", like
 * that of sif_find_image().
 *
 * `subtree` is NULL or the name of a directory: if the file system has it in
 * its root, it is the root of what is shown.  Overlay images have their files
 * in "upper".
 */
int ext_open(int *fd, const struct sif_partition *partition,
	const char *subtree, struct filesystem **ret_fs, struct error *err);

#endif
