/* SPDX-License-Identifier: BSD-3-Clause */
/* Chooses the reader for a file system.  There are two readers of squashfs
 * behind one header; each program is linked with one of them. */
#include "spank/server/ext/ext.h"
#include "spank/server/readers/reader.h"
#include "spank/server/squashfs/squash.h"

int reader_open(int *fd, const struct sif_partition *partition,
	const char *subtree, struct filesystem **ret_fs, struct error *err)
{
	if (partition->kind == SIF_EXT)
		return ext_open(fd, partition, subtree, ret_fs, err);
	return squash_open(fd, partition, ret_fs, err);
}
