/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which partition of a SIF is the image: a pass over the table of descriptors
 * chooses it, another one counts the overlay partitions of its group, so that
 * the user can be told about them.
 *
 * Layout: github.com/sylabs/sif, pkg/sif/descriptor.go.
 */
#include <string.h>

#include "common/little_endian.h"
#include "common/sif_arch.h"
#include "common/sif_partition.h"

/* Of a descriptor's extra bytes. */
#define EXTRA_FS_TYPE        0
#define EXTRA_PARTITION_TYPE 4
#define EXTRA_ARCH           8

#define PARTITION_SYSTEM         1
#define PARTITION_PRIMARY_SYSTEM 2
#define PARTITION_DATA           3
#define PARTITION_OVERLAY        4

/* The best partition so far. */
struct chosen {
	int rank; /* 0: none yet; the highest wins */
	struct sif_descriptor descriptor;
};

static uint32_t partition_type(const struct sif_descriptor *descriptor)
{
	return le32_at(descriptor->extra + EXTRA_PARTITION_TYPE);
}

static int check_fs_type(uint32_t fs_type, struct error *err)
{
	static const char *const kinds[] = { [2] = "ext3",
		[3] = "an archive",
		[4] = "raw data",
		[5] = "encrypted",
		[6] = "encrypted (gocryptfs)" };

	if (fs_type == 1)
		return 0;
	if (fs_type == 5 || fs_type == 6)
		return error_set(err, 0,
			"its root file system is %s, which is not supported; "
			"build it without encryption",
			kinds[fs_type]);
	if (fs_type >= 2 && fs_type <= 4)
		return error_set(err, 0,
			"its root file system is %s, and only squashfs is "
			"supported; build it again with squashfs",
			kinds[fs_type]);
	return error_set(err, 0,
		"its root file system is of the unknown type %u, and only "
		"squashfs is supported; build it again with squashfs",
		fs_type);
}

/* How well a partition suits the purpose; 0: not at all. */
static int rank_of(uint32_t type, enum sif_purpose purpose)
{
	if (type == PARTITION_PRIMARY_SYSTEM)
		return 3;
	if (purpose == SIF_ROOT)
		return 0;
	if (type == PARTITION_DATA)
		return 2;
	return type == PARTITION_SYSTEM ? 1 : 0;
}

/* Make this descriptor the chosen one if it is the best so far. */
static int consider(const struct sif_descriptor *descriptor,
	enum sif_purpose purpose, struct chosen *chosen, struct error *err)
{
	int rank;

	if (descriptor->type != SIF_DATA_PARTITION)
		return 0;
	rank = rank_of(partition_type(descriptor), purpose);
	if (rank == rank_of(PARTITION_PRIMARY_SYSTEM, purpose) &&
		rank == chosen->rank)
		return error_set(err, 0,
			"it is damaged: it has two primary system partitions; "
			"build it again");
	if (rank <= chosen->rank)
		return 0;
	chosen->rank = rank;
	chosen->descriptor = *descriptor;
	return 0;
}

/* Apptainer mounts the overlays of the primary partition's group over it. */
static bool is_overlay_of(const struct sif_descriptor *descriptor,
	uint32_t group)
{
	return descriptor->type == SIF_DATA_PARTITION &&
	       partition_type(descriptor) == PARTITION_OVERLAY &&
	       descriptor->group == group;
}

/* A second pass: the last descriptor may be the one that decides the group. */
static int count_overlays(const struct sif_table *table, uint32_t group,
	uint32_t *ret_count, struct error *err)
{
	struct sif_descriptor descriptor;
	uint32_t count = 0;
	uint64_t i;

	for (i = 0; i < table->count; i++) {
		if (sif_table_read(table, i, &descriptor, err) < 0)
			return -1;
		if (is_overlay_of(&descriptor, group))
			count++;
	}
	*ret_count = count;
	return 0;
}

static int choose(const struct sif_table *table, enum sif_purpose purpose,
	struct chosen *chosen, struct error *err)
{
	struct sif_descriptor descriptor;
	uint64_t i;

	for (i = 0; i < table->count; i++)
		if (sif_table_read(table, i, &descriptor, err) < 0 ||
			consider(&descriptor, purpose, chosen, err) < 0)
			return -1;
	if (chosen->rank > 0)
		return 0;
	if (purpose == SIF_DATA)
		return error_set(err, 0,
			"it has no partition with a file system; build it "
			"again");
	return error_set(err, 0,
		"it has no primary system partition, so there is no root file "
		"system in it; build it again");
}

int sif_partition_choose(const struct sif_table *table,
	enum sif_purpose purpose, const char *machine,
	struct sif_partition *ret_partition, struct error *err)
{
	struct chosen chosen = { .rank = 0 };
	const struct sif_descriptor *found = &chosen.descriptor;
	char arch[SIF_ARCH_SIZE];
	uint32_t overlays = 0;

	if (choose(table, purpose, &chosen, err) < 0 ||
		(purpose == SIF_ROOT && count_overlays(table, found->group,
						&overlays, err) < 0) ||
		check_fs_type(le32_at(found->extra + EXTRA_FS_TYPE), err) < 0)
		return -1;
	memcpy(arch, found->extra + EXTRA_ARCH, sizeof(arch));
	if (purpose == SIF_ROOT && sif_arch_check(arch, machine, err) < 0)
		return -1;
	if (sif_table_check_data(table, found,
		    "the bytes of its root file system", err) < 0)
		return -1;
	*ret_partition = (struct sif_partition){
		.offset = found->offset,
		.size = found->size,
		.overlays = overlays,
	};
	return 0;
}
