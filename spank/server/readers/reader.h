/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_READERS_READER_H
#define SPANK_SERVER_READERS_READER_H

#include "common/error.h"
#include "common/sif.h"
#include "spank/server/filesystem/filesystem.h"

/*
 * Open the file system at `partition` of the image file *fd with the reader of
 * its kind.  On success the descriptor belongs to the file system and *fd
 * becomes -1.  Nothing outside the partition is ever read.  err->text is a
 * sentence about "it", like that of sif_find_image().
 *
 * `subtree`: see ext_open(); other readers ignore it.
 */
int reader_open(int *fd, const struct sif_partition *partition,
	const char *subtree, struct filesystem **ret_fs, struct error *err);

#endif
