/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_PARTITION_H
#define COMMON_SIF_PARTITION_H

#include "common/sif_superblock.h"
#include "common/sif_table.h"

/* What the file system in an image is wanted for. */
enum sif_purpose {
	SIF_ROOT, /* a root file system that this machine can run */
	SIF_DATA, /* any squashfs: primary, data or system partition */
};

/* The file systems of an image, from the bottom to the top. */
#define SIF_LAYERS_MAX 64
struct sif_layers {
	struct sif_partition partitions[SIF_LAYERS_MAX];
	size_t count;
};

/*
 * The partition of a SIF that suits the purpose, checked as sif_find() says,
 * except for its superblock.
 */
int sif_partition_choose(const struct sif_table *table,
	enum sif_purpose purpose, const char *machine,
	struct sif_partition *ret_partition, struct error *err);

#endif
