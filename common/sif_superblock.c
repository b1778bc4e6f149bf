/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks that a partition begins with a squashfs 4.0 superblock, that its
 * compression is one of squashfs's, and that it is as long as it claims; or
 * the same of ext2, ext3 or ext4 (ext_superblock.c).
 *
 * Layout: kernel, fs/squashfs/squashfs_fs.h.
 */
#include <stddef.h>
#include <string.h>

#include "common/ext_superblock.h"
#include "common/little_endian.h"
#include "common/sif_superblock.h"
#include "common/sif_table.h"

#define SUPERBLOCK_SIZE        96
#define SUPERBLOCK_COMPRESSION 20
#define SUPERBLOCK_MAJOR       28
#define SUPERBLOCK_MINOR       30
#define SUPERBLOCK_BYTES_USED  40

static int check_squashfs(int fd, struct sif_partition *partition,
	struct error *err)
{
	unsigned char superblock[SUPERBLOCK_SIZE];
	uint16_t major, minor;
	uint64_t used;

	if (partition->size < SUPERBLOCK_SIZE)
		return error_set(err, 0,
			"it is damaged: its root file system is too small to "
			"be squashfs; copy or build it again");
	if (sif_read_at(fd, superblock, sizeof(superblock), partition->offset,
		    "the bytes of its root file system", err) < 0)
		return -1;
	if (memcmp(superblock, SIF_SQUASHFS_MAGIC,
		    strlen(SIF_SQUASHFS_MAGIC)) != 0)
		return error_set(err, 0,
			"it is damaged: its root file system does not begin "
			"like squashfs; copy or build it again");
	major = le16_at(superblock + SUPERBLOCK_MAJOR);
	minor = le16_at(superblock + SUPERBLOCK_MINOR);
	if (major != 4 || minor != 0)
		return error_set(err, 0,
			"its squashfs version is %u.%u, and only 4.0 is "
			"supported; build it again with current squashfs-tools",
			major, minor);
	partition->compression = le16_at(superblock + SUPERBLOCK_COMPRESSION);
	if (!sif_compression_name(partition->compression))
		return error_set(err, 0,
			"it is compressed by the unknown method %u; build it "
			"again with gzip or zstd",
			partition->compression);
	used = le64_at(superblock + SUPERBLOCK_BYTES_USED);
	if (used < SUPERBLOCK_SIZE || used > partition->size)
		return error_set(err, 0,
			"it is truncated or damaged: its squashfs claims %llu "
			"bytes where there are %llu; copy or download it again",
			(unsigned long long)used,
			(unsigned long long)partition->size);
	return 0;
}

static int check_ext(int fd, const struct sif_partition *partition,
	struct error *err)
{
	unsigned char superblock[EXT_SUPER_SIZE] = { 0 };

	if (partition->size >= EXT_SUPER_OFFSET + EXT_SUPER_SIZE &&
		sif_read_at(fd, superblock, sizeof(superblock),
			partition->offset + EXT_SUPER_OFFSET,
			"the bytes of its file system", err) < 0)
		return -1;
	return ext_superblock_check(superblock, partition->size, err);
}

int sif_check_superblock(int fd, struct sif_partition *partition,
	struct error *err)
{
	if (partition->kind == SIF_EXT)
		return check_ext(fd, partition, err);
	return check_squashfs(fd, partition, err);
}

bool sif_is_ext(int fd, const struct sif_partition *partition)
{
	const uint64_t at = EXT_SUPER_OFFSET + EXT_SUPER_MAGIC;
	unsigned char magic[2];
	struct error ignored;

	return partition->size >= EXT_SUPER_OFFSET + EXT_SUPER_SIZE &&
	       sif_read_at(fd, magic, sizeof(magic), partition->offset + at, "",
		       &ignored) == 0 &&
	       le16_at(magic) == EXT_MAGIC;
}

const char *sif_compression_of(const struct sif_partition *partition)
{
	return partition->kind == SIF_SQUASHFS
		       ? sif_compression_name(partition->compression)
		       : "none";
}

const char *sif_kind_name(enum sif_kind kind)
{
	return kind == SIF_EXT ? "ext" : "squashfs";
}

const char *sif_compression_name(uint16_t compression)
{
	static const char *const names[] = { NULL, "gzip", "lzma", "lzo", "xz",
		"lz4", "zstd" };

	if (compression >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[compression];
}
