/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_SUPERBLOCK_H
#define COMMON_SIF_SUPERBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/*
 * The position of the file system in an image file.  Layout: the Singularity
 * Image Format as written by github.com/sylabs/sif, and the squashfs superblock
 * (kernel: fs/squashfs/squashfs_fs.h).
 */
enum sif_kind {
	SIF_SQUASHFS,
	SIF_EXT, /* ext2, ext3 or ext4 */
};

struct sif_partition {
	uint64_t offset;      /* bytes from the start of the file */
	uint64_t size;        /* bytes; offset + size <= size of the file */
	uint16_t compression; /* squashfs compression id, 1 gzip .. 6 zstd */
	uint32_t overlays;    /* number of overlay partitions of a root */
	enum sif_kind kind;
};

/* "squashfs", "ext" */
const char *sif_kind_name(enum sif_kind kind);

/* Internal to sif*.c; other files call sif_find_image(). */

#define SIF_SQUASHFS_MAGIC "hsqs"

/* Check the superblock of a partition, and set partition->compression. */
int sif_check_superblock(int fd, struct sif_partition *partition,
	struct error *err);

/*
 * Whether there is an ext2, ext3 or ext4 at the partition's offset.  False if
 * it cannot be read.
 */
bool sif_is_ext(int fd, const struct sif_partition *partition);

/* How the files of the partition are compressed: "gzip", "zstd", ...; "none" if
 * it is not squashfs. */
const char *sif_compression_of(const struct sif_partition *partition);

/* "gzip", "zstd", ...; NULL for an id that squashfs 4.0 does not define. */
const char *sif_compression_name(uint16_t compression);

#endif
