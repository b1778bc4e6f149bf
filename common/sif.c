/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the file system in an image file:
 *
 *   1. is it a regular file?
 *   2. is it a SIF, or a bare squashfs, ext2, ext3 or ext4?  Images of
 *      Singularity 2 have a line before the ext3
 *   3. of a SIF: the table of descriptors (sif_table.c), and the partition that
 *      is wanted (sif_partition.c), or the layers of an OCI-SIF (oci.c)
 *   4. of all: the superblocks (sif_superblock.c)
 *
 * Each malformation has its own sentence.  Deliberately not here: signatures
 * (nothing is claimed to be verified), and the rest of squashfs (see
 * spank/server/squashfs/squash.c).
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/oci.h"
#include "common/sif.h"
#include "common/sif_foreign.h"

/* *ret_index: of type 0 if there is none. */
static int find_oci_index(const struct sif_table *table,
	struct sif_descriptor *ret_index, struct error *err)
{
	struct sif_descriptor descriptor;
	uint64_t i;

	ret_index->type = 0;
	for (i = 0; i < table->count; i++) {
		if (sif_table_read(table, i, &descriptor, err) < 0)
			return -1;
		if (descriptor.type != SIF_DATA_OCI_ROOT_INDEX)
			continue;
		if (ret_index->type)
			return error_set(err, 0,
				"it is damaged: it has two OCI root indexes; "
				"pull or build it again");
		*ret_index = descriptor;
	}
	return 0;
}

static int find_in_sif(int fd, enum sif_purpose purpose, const char *machine,
	uint64_t file_size, struct sif_image *image, struct error *err)
{
	struct sif_descriptor index;
	struct sif_table table;

	if (sif_table_load(fd, file_size, &table, err) < 0 ||
		find_oci_index(&table, &index, err) < 0)
		return -1;
	if (index.type)
		return oci_find(&table, &index, purpose, machine,
			&image->layers, &image->config, err);
	return sif_partition_choose(&table, purpose, machine, &image->layers,
		err);
}

static int check_file(int fd, uint64_t *ret_size, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "it cannot be examined");
	if (S_ISDIR(st.st_mode))
		return error_set(err, 0,
			"it is a directory, and an image has to be a file; if "
			"it is a sandbox, build one from it with 'apptainer "
			"build new.sif DIRECTORY'");
	if (!S_ISREG(st.st_mode))
		return error_set(err, 0,
			"it is not a regular file; give the path of a SIF or "
			"squashfs file");
	if (st.st_size == 0)
		return error_set(err, 0,
			"it is empty; copy, download or build it again");
	*ret_size = st.st_size;
	return 0;
}

/* The line that executes an image of Singularity 2. */
static const char launcher[] = "#!/usr/bin/env run-singularity\n";

static uint64_t length_of_launcher(const unsigned char *start)
{
	size_t length = strlen(launcher);

	return memcmp(start, launcher, length) == 0 ? length : 0;
}

static int find_in_file(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_image *image, struct error *err)
{
	unsigned char start[SIF_START_SIZE] = { 0 };
	struct sif_partition *bare = &image->layers.partitions[0];
	uint64_t size = 0;

	if (check_file(fd, &size, err) < 0)
		return -1;
	if (sif_read_at(fd, start, size < sizeof(start) ? size : sizeof(start),
		    0, "its first bytes", err) < 0)
		return -1;
	if (sif_table_is_of(start))
		return find_in_sif(fd, purpose, machine, size, image, err);
	if (memcmp(start, SIF_SQUASHFS_MAGIC, strlen(SIF_SQUASHFS_MAGIC)) !=
		0) {
		bare->kind = SIF_EXT;
		bare->offset = length_of_launcher(start);
	}
	bare->size = size - bare->offset;
	if (bare->kind == SIF_EXT && !sif_is_ext(fd, bare))
		return sif_foreign_describe(fd, err);
	image->layers.count = 1;
	return 0;
}

static int check_superblocks(int fd, struct sif_layers *layers,
	struct error *err)
{
	size_t i;

	for (i = 0; i < layers->count; i++) {
		if (sif_check_superblock(fd, &layers->partitions[i], err) == 0)
			continue;
		return layers->count == 1
			       ? -1
			       : error_prefix(err, "its layer %zu", i + 1);
	}
	return 0;
}

int sif_find_image(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_image *ret_image, struct error *err)
{
	struct sif_image image = { .layers = { .count = 0 } };

	if (find_in_file(fd, purpose, machine, &image, err) < 0 ||
		check_superblocks(fd, &image.layers, err) < 0) {
		sif_free_image(&image);
		return -1;
	}
	*ret_image = image;
	return 0;
}

void sif_free_image(struct sif_image *image)
{
	oci_config_free(&image->config);
}
