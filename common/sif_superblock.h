/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_SUPERBLOCK_H
#define COMMON_SIF_SUPERBLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/*
 * Where in an image file its file system lies.  Source of the layout:
 * the Singularity Image Format as written by github.com/sylabs/sif, and the
 * squashfs superblock (kernel: fs/squashfs/squashfs_fs.h).
 */
struct sif_partition {
	uint64_t offset;      /* bytes from the start of the file */
	uint64_t size;        /* bytes; offset + size <= size of the file */
	uint16_t compression; /* squashfs compression id, 1 gzip .. 6 zstd */
	uint32_t overlays;    /* overlay partitions that belong to a root */
};

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

/* "gzip", "zstd", ...; NULL for an id that squashfs 4.0 does not have. */
const char *sif_compression_name(uint16_t compression);

#endif
