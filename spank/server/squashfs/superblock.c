/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The superblock, and the only function that reads from the image.  It reads
 * within a window of the file: first the partition, then the part of it that is
 * in use, according to the superblock.
 */
#include "spank/server/filesystem/partition.h"
#include "spank/server/squashfs/internal.h"

int squash_pread(const struct squash *squash, void *buffer, size_t size,
	uint64_t offset)
{
	return partition_pread(squash->fs.fd, &squash->window, buffer, size,
		offset);
}

/* The table's index, 8 bytes for each block, lies within the image. */
static bool table_is_within(uint64_t start, uint64_t count, size_t each,
	uint64_t end)
{
	uint64_t blocks = (count * each + SQUASH_METADATA_SIZE - 1) /
			  SQUASH_METADATA_SIZE;

	return count == 0 ||
	       (start >= SQUASH_SUPER_SIZE && start < end &&
		       blocks * SQUASH_POINTER_SIZE <= end - start);
}

static bool super_is_sane(const struct squash_super *super, uint16_t block_log,
	uint64_t room)
{
	return super->block_size >= SQUASH_BLOCK_MIN &&
	       super->block_size <= SQUASH_BLOCK_MAX && block_log < 32 &&
	       super->block_size == 1U << block_log && super->end <= room &&
	       super->ids > 0 && super->inode_table >= SQUASH_SUPER_SIZE &&
	       super->inode_table < super->directory_table &&
	       super->directory_table < super->end &&
	       table_is_within(super->id_table, super->ids, SQUASH_ID_SIZE,
		       super->end) &&
	       table_is_within(super->fragment_table, super->fragments,
		       SQUASH_FRAGMENT_SIZE, super->end);
}

int squash_super_read(struct squash *squash)
{
	unsigned char raw[SQUASH_SUPER_SIZE];
	struct squash_super *super = &squash->super;

	if (squash_pread(squash, raw, sizeof(raw), 0) < 0 ||
		le32_at(raw) != SQUASH_MAGIC || le16_at(raw + 28) != 4 ||
		le16_at(raw + 30) != 0)
		return squash_corrupt();
	super->inodes = le32_at(raw + 4);
	super->block_size = le32_at(raw + 12);
	super->fragments = le32_at(raw + 16);
	super->compression = le16_at(raw + 20);
	super->ids = le16_at(raw + 26);
	super->root = le64_at(raw + 32);
	super->end = le64_at(raw + 40);
	super->id_table = le64_at(raw + 48);
	super->xattr_table = le64_at(raw + 56);
	super->inode_table = le64_at(raw + 64);
	super->directory_table = le64_at(raw + 72);
	super->fragment_table = le64_at(raw + 80);
	if (!super_is_sane(super, le16_at(raw + 22), squash->window.size))
		return squash_corrupt();
	squash->window.size = super->end;
	return 0;
}

void squash_statfs(struct filesystem *fs, struct statvfs *ret_st)
{
	const struct squash_super *super = &squash_of(fs)->super;

	*ret_st = (struct statvfs){
		.f_bsize = super->block_size,
		.f_frsize = super->block_size,
		.f_blocks = (super->end + super->block_size - 1) /
			    super->block_size,
		.f_files = super->inodes,
		.f_namemax = NAME_MAX,
	};
}
