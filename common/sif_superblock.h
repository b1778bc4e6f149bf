/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_SUPERBLOCK_H
#define COMMON_SIF_SUPERBLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/sif.h"

/* What sif.c is made of; for others there is sif_find(). */

#define SIF_SQUASHFS_MAGIC "hsqs"

/*
 * Read all of `size` bytes: a file that shrinks meanwhile is truncated, which
 * the sentence says of `part`.
 */
int sif_read_at(int fd, void *buffer, size_t size, uint64_t offset,
	const char *part, struct error *err);

/* Check the superblock of a partition, and find out its compression. */
int sif_check_superblock(int fd, struct sif_partition *partition,
	struct error *err);

#endif
