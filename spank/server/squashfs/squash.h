/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_SQUASH_H
#define SPANK_SERVER_SQUASHFS_SQUASH_H

#include "common/error.h"
#include "common/sif.h"
#include "spank/server/filesystem/filesystem.h"

/*
 * Open the squashfs at `partition` of the image file *fd.  On success the
 * descriptor belongs to the file system and *fd becomes -1.  Nothing outside
 * the partition is ever read.  Until fs_set_cache() only a few blocks are
 * cached.  err->text is a sentence about "it", like that of sif_find_image().
 *
 * Another reader can implement this header.  Entries are sorted by name.
 */
int squash_open(int *fd, const struct sif_partition *partition,
	struct filesystem **ret_fs, struct error *err);

#endif
