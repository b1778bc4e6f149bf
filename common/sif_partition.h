/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_PARTITION_H
#define COMMON_SIF_PARTITION_H

#include "common/sif_superblock.h"
#include "common/sif_table.h"

/* What the file systems in an image are wanted for. */
enum sif_purpose {
	SIF_ROOT,       /* a root file system that this machine can run */
	SIF_ROOT_ALONE, /* the same, without its overlays */
	SIF_DATA,       /* any: primary, data or system partition */
	SIF_LAYER,      /* overlay partitions, or else data, or else the root */
};

static inline bool sif_is_for_root(enum sif_purpose purpose)
{
	return purpose == SIF_ROOT || purpose == SIF_ROOT_ALONE;
}

/* The file systems of an image, from the bottom to the top. */
#define SIF_LAYERS_MAX 64
struct sif_layers {
	struct sif_partition partitions[SIF_LAYERS_MAX];
	size_t count;
};

/*
 * The partition of a SIF that suits the purpose, checked as sif_find_image()
 * says, except for its superblock; for SIF_ROOT the overlay partitions of its
 * group are the layers over it.
 */
int sif_partition_choose(const struct sif_table *table,
	enum sif_purpose purpose, const char *machine,
	struct sif_layers *ret_layers, struct error *err);

#endif
