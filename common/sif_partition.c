/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which partitions of a SIF are the image: a pass over the table of descriptors
 * chooses the root, another one finds the overlay partitions of its group,
 * which Apptainer lays over it.
 *
 * Layout: github.com/sylabs/sif, pkg/sif/descriptor.go.
 */
#include <string.h>

#include "common/little_endian.h"
#include "common/sif_arch.h"
#include "common/sif_partition.h"

/* Offsets in a descriptor's extra bytes. */
#define EXTRA_FS_TYPE        0
#define EXTRA_PARTITION_TYPE 4
#define EXTRA_ARCH           8

#define FS_SQUASHFS 1
#define FS_EXT3     2

#define PARTITION_SYSTEM         1
#define PARTITION_PRIMARY_SYSTEM 2
#define PARTITION_DATA           3
#define PARTITION_OVERLAY        4

/* Set in the number of each group, also in that of none. */
#define GROUP_MASK 0xf0000000

/* The best partition so far. */
struct chosen {
	int rank; /* 0: none yet; the highest wins */
	struct sif_descriptor descriptor;
};

static uint32_t partition_type(const struct sif_descriptor *descriptor)
{
	return le32_at(descriptor->extra + EXTRA_PARTITION_TYPE);
}

/* The type has been accepted by check_fs_type(). */
static enum sif_kind kind_of(uint32_t fs_type)
{
	return fs_type == FS_EXT3 ? SIF_EXT : SIF_SQUASHFS;
}

static int check_fs_type(uint32_t fs_type, struct error *err)
{
	static const char *const kinds[] = { [3] = "an archive",
		[4] = "raw data",
		[5] = "encrypted",
		[6] = "encrypted (gocryptfs)" };

	if (fs_type == FS_SQUASHFS || fs_type == FS_EXT3)
		return 0;
	if (fs_type == 5 || fs_type == 6)
		return error_set(err, 0,
			"its root file system is %s, which is not supported; "
			"build it without encryption",
			kinds[fs_type]);
	if (fs_type == 3 || fs_type == 4)
		return error_set(err, 0,
			"its root file system is %s, and only squashfs and "
			"ext3 are supported; build it again with squashfs",
			kinds[fs_type]);
	return error_set(err, 0,
		"its root file system is of the unknown type %u, and only "
		"squashfs and ext3 are supported; build it again with squashfs",
		fs_type);
}

/* How well a partition suits the purpose; 0: not at all. */
static int rank_of(uint32_t type, enum sif_purpose purpose)
{
	if (type == PARTITION_PRIMARY_SYSTEM)
		return 3;
	if (sif_is_for_root(purpose))
		return 0;
	if (type == PARTITION_DATA)
		return purpose == SIF_LAYER ? 4 : 2;
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

static bool is_overlay(const struct sif_descriptor *descriptor)
{
	return descriptor->type == SIF_DATA_PARTITION &&
	       partition_type(descriptor) == PARTITION_OVERLAY;
}

static int add_overlay(const struct sif_table *table,
	const struct sif_descriptor *descriptor, struct sif_layers *layers,
	struct error *err)
{
	struct sif_partition *layer = &layers->partitions[layers->count];
	uint32_t fs_type = le32_at(descriptor->extra + EXTRA_FS_TYPE);

	if (fs_type != FS_SQUASHFS && fs_type != FS_EXT3)
		return error_set(err, 0,
			"its overlay partition is neither squashfs nor ext3; "
			"build it again without it");
	if (layers->count == SIF_LAYERS_MAX)
		return error_set(err, 0,
			"it has more than %d overlay partitions; build it "
			"again with less",
			SIF_LAYERS_MAX - 1);
	layer->kind = kind_of(fs_type);
	layer->offset = descriptor->offset;
	layer->size = descriptor->size;
	layers->count++;
	return sif_table_check_data(table, descriptor,
		"the bytes of its overlay partition", err);
}

/* As in the runtimes: if the root is in no group, all overlays belong to it. */
static bool is_of_group(const struct sif_descriptor *overlay, uint32_t group)
{
	uint32_t number = group & ~GROUP_MASK;

	return number == 0 || number == (overlay->group & ~GROUP_MASK);
}

/*
 * Add the overlays of the group, or of any group if that is NULL; returns how
 * many there are.  For SIF_ROOT_ALONE they are only counted, whatever is wrong
 * with them.
 */
static long add_overlays(const struct sif_table *table,
	enum sif_purpose purpose, const uint32_t *group,
	struct sif_layers *layers, struct error *err)
{
	struct sif_descriptor descriptor;
	long count = 0;
	uint64_t i;

	for (i = 0; i < table->count; i++) {
		if (sif_table_read(table, i, &descriptor, err) < 0)
			return -1;
		if (!is_overlay(&descriptor) ||
			(group && !is_of_group(&descriptor, *group)))
			continue;
		count++;
		if (purpose != SIF_ROOT_ALONE &&
			add_overlay(table, &descriptor, layers, err) < 0)
			return -1;
	}
	return count;
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
	if (!sif_is_for_root(purpose))
		return error_set(err, 0,
			"it has no partition with a file system; build it "
			"again");
	return error_set(err, 0,
		"it has no primary system partition, so there is no root file "
		"system in it; build it again");
}

/* A root that is laid over another one has programs, too. */
static bool has_programs(const struct sif_descriptor *descriptor,
	enum sif_purpose purpose)
{
	return sif_is_for_root(purpose) ||
	       (purpose == SIF_LAYER &&
		       partition_type(descriptor) == PARTITION_PRIMARY_SYSTEM);
}

static int find_lowest(const struct sif_table *table, enum sif_purpose purpose,
	const char *machine, struct sif_descriptor *ret_found,
	struct sif_partition *partition, struct error *err)
{
	struct chosen chosen = { .rank = 0 };
	const struct sif_descriptor *found = &chosen.descriptor;
	uint32_t fs_type;
	char arch[SIF_ARCH_SIZE];

	if (choose(table, purpose, &chosen, err) < 0)
		return -1;
	fs_type = le32_at(found->extra + EXTRA_FS_TYPE);
	if (check_fs_type(fs_type, err) < 0)
		return -1;
	partition->kind = kind_of(fs_type);
	memcpy(arch, found->extra + EXTRA_ARCH, sizeof(arch));
	if (has_programs(found, purpose) &&
		sif_arch_check(arch, machine, err) < 0)
		return -1;
	partition->offset = found->offset;
	partition->size = found->size;
	*ret_found = *found;
	return sif_table_check_data(table, found,
		"the bytes of its root file system", err);
}

/* As in the runtimes: the overlays of the root's group, or all if there is no
 * root. */
static int add_layer_overlays(const struct sif_table *table,
	struct sif_layers *layers, struct error *err)
{
	struct chosen root = { .rank = 0 };
	struct error ignored;
	bool has_root = choose(table, SIF_ROOT, &root, &ignored) == 0;

	return add_overlays(table, SIF_LAYER,
		       has_root ? &root.descriptor.group : NULL, layers,
		       err) < 0
		       ? -1
		       : 0;
}

/* Two passes over the table: the root, whose group is wanted, may be the last
 * descriptor. */
int sif_partition_choose(const struct sif_table *table,
	enum sif_purpose purpose, const char *machine,
	struct sif_layers *ret_layers, struct error *err)
{
	struct sif_layers layers = { .count = 0 };
	struct sif_descriptor lowest;
	long overlays = 0;

	if (purpose == SIF_LAYER && add_layer_overlays(table, &layers, err) < 0)
		return -1;
	if (layers.count == 0) {
		if (find_lowest(table, purpose, machine, &lowest,
			    &layers.partitions[0], err) < 0)
			return -1;
		layers.count = 1;
		if (sif_is_for_root(purpose))
			overlays = add_overlays(table, purpose, &lowest.group,
				&layers, err);
		if (overlays < 0)
			return -1;
		layers.partitions[0].overlays = overlays;
	}
	*ret_layers = layers;
	return 0;
}
