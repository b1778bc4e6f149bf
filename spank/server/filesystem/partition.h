/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_PARTITION_H
#define SPANK_SERVER_FILESYSTEM_PARTITION_H

#include <stddef.h>
#include <stdint.h>

#include "common/sif_superblock.h"

/*
 * Read all of `size` bytes at `offset` of a partition of the image file `fd`.
 * -1 with EIO if the partition does not have them, or if they cannot be read;
 * that is recorded as damage.
 */
int partition_pread(int fd, const struct sif_partition *partition, void *buffer,
	size_t size, uint64_t offset);

#endif
