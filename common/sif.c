/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the file system in an image file:
 *
 *   1. is it a regular file?
 *   2. is it a SIF, or a bare squashfs?
 *   3. of a SIF: the table of descriptors (sif_table.c), and the partition that
 *      is wanted (sif_partition.c)
 *   4. of both: the squashfs superblock (sif_superblock.c)
 *
 * Each malformation has its own sentence.  Deliberately not here: signatures
 * (nothing is claimed to be verified), and the rest of squashfs (see
 * spank/server/squashfs/squash.c).
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/sif.h"
#include "common/sif_foreign.h"

static int refuse_oci(const struct sif_table *table, struct error *err)
{
	struct sif_descriptor descriptor;
	uint64_t i;

	for (i = 0; i < table->count; i++) {
		if (sif_table_read(table, i, &descriptor, err) < 0)
			return -1;
		if (descriptor.type == SIF_DATA_OCI_ROOT_INDEX)
			return error_set(err, 0,
				"it is an OCI-SIF image, which is not "
				"supported; pull or build it without '--oci'");
	}
	return 0;
}

static int find_in_sif(int fd, enum sif_purpose purpose, const char *machine,
	uint64_t file_size, struct sif_partition *ret_partition,
	struct error *err)
{
	struct sif_table table;

	if (sif_table_load(fd, file_size, &table, err) < 0 ||
		refuse_oci(&table, err) < 0)
		return -1;
	return sif_partition_choose(&table, purpose, machine, ret_partition,
		err);
}

static int check_file(int fd, uint64_t *ret_size, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "it cannot be examined");
	if (S_ISDIR(st.st_mode))
		return error_set(err, 0,
			"it is a directory, and only SIF and squashfs files "
			"can be used; if it is a sandbox, build one from it "
			"with 'apptainer build new.sif DIRECTORY'");
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

int sif_find(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_partition *ret_partition, struct error *err)
{
	unsigned char start[SIF_START_SIZE] = { 0 };
	struct sif_partition partition = { .offset = 0 };
	uint64_t size = 0;

	if (check_file(fd, &size, err) < 0)
		return -1;
	if (sif_read_at(fd, start, size < sizeof(start) ? size : sizeof(start),
		    0, "its first bytes", err) < 0)
		return -1;
	if (sif_table_is_of(start)) {
		if (find_in_sif(fd, purpose, machine, size, &partition, err) <
			0)
			return -1;
	} else if (!memcmp(start, SIF_SQUASHFS_MAGIC,
			   strlen(SIF_SQUASHFS_MAGIC))) {
		partition.size = size;
	} else {
		return sif_foreign_describe(fd, err);
	}
	if (sif_check_superblock(fd, &partition, err) < 0)
		return -1;
	*ret_partition = partition;
	return 0;
}
