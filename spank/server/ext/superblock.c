/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The superblock, and the only function that reads from the image.  It reads
 * within a window of the file: first the partition, then the part of it that
 * the file system takes.
 *
 * Features that only matter to writers are ignored (ro_compat, compat);
 * so are checksums, of this block and of all others: whatever they protect is
 * checked before it is used, and the contents of files have none.
 */
#include "spank/server/ext/internal.h"
#include "spank/server/filesystem/partition.h"

int ext_pread(const struct ext *ext, void *buffer, size_t size, uint64_t offset)
{
	return partition_pread(ext->fs.fd, &ext->window, buffer, size, offset);
}

static bool is_power_of_two(uint32_t number)
{
	return number && !(number & (number - 1));
}

static bool super_is_sane(const struct ext_super *super)
{
	return super->block_size <= EXT_BLOCK_MAX && super->first_block <= 1 &&
	       super->blocks > super->first_block &&
	       super->blocks_per_group > 0 && super->inodes >= EXT_ROOT &&
	       super->inodes_per_group > 0 &&
	       super->inodes_per_group <= super->block_size * 8 &&
	       super->inode_size >= EXT_INODE_SIZE_MIN &&
	       super->inode_size <= super->block_size &&
	       is_power_of_two(super->inode_size) &&
	       super->descriptor_size >= EXT_DESCRIPTOR_SIZE &&
	       super->descriptor_size <= super->block_size &&
	       is_power_of_two(super->descriptor_size);
}

/* The fields that only later revisions have. */
static void parse_revision_1(const unsigned char *raw, struct ext_super *super)
{
	size_t i;

	super->first_inode = le32_at(raw + 84);
	super->inode_size = le16_at(raw + 88);
	super->compat = le32_at(raw + 92);
	super->incompat = le32_at(raw + 96);
	super->ro_compat = le32_at(raw + 100);
	for (i = 0; i < 4; i++)
		super->hash_seed[i] = le32_at(raw + 236 + 4 * i);
	if (super->incompat & EXT_INCOMPAT_64BIT) {
		super->descriptor_size = le16_at(raw + 254);
		super->blocks |= (uint64_t)le32_at(raw + 336) << 32;
	}
	super->first_meta_group = le32_at(raw + 260);
	super->unsigned_hash = le32_at(raw + 352) & EXT_FLAG_UNSIGNED_HASH;
	super->backup_groups[0] = le32_at(raw + 588);
	super->backup_groups[1] = le32_at(raw + 592);
}

/* ext_superblock_check() has checked the block size, and that the file has all
 * blocks. */
static int parse_super(const unsigned char *raw, struct ext_super *super)
{
	uint64_t groups;

	*super = (struct ext_super){
		.inodes = le32_at(raw),
		.blocks = le32_at(raw + 4),
		.first_block = le32_at(raw + 20),
		.block_size = EXT_BLOCK_MIN << le32_at(raw + 24),
		.blocks_per_group = le32_at(raw + 32),
		.inodes_per_group = le32_at(raw + 40),
		.first_inode = EXT_FIRST_INODE,
		.inode_size = EXT_INODE_SIZE_MIN,
		.descriptor_size = EXT_DESCRIPTOR_SIZE,
	};
	if (le32_at(raw + 76) > 0)
		parse_revision_1(raw, super);
	if (!super_is_sane(super))
		return ext_corrupt();
	groups = (super->blocks - super->first_block + super->blocks_per_group -
			 1) /
		 super->blocks_per_group;
	if (groups > UINT32_MAX ||
		super->inodes > groups * super->inodes_per_group)
		return ext_corrupt();
	super->groups = groups;
	return 0;
}

static int say_nonsense(struct error *err)
{
	return error_set(err, 0,
		"it is damaged: its ext file system does not make sense; "
		"repair it with 'e2fsck -f', or copy it again");
}

int ext_super_read(struct ext *ext, struct error *err)
{
	unsigned char raw[EXT_SUPER_SIZE];

	if (ext_pread(ext, raw, sizeof(raw), EXT_SUPER_OFFSET) < 0)
		return say_nonsense(err);
	if (ext_superblock_check(raw, ext->window.size, err) < 0)
		return -1;
	if (parse_super(raw, &ext->super) < 0)
		return say_nonsense(err);
	ext->window.size = ext->super.blocks * ext->super.block_size;
	return 0;
}

void ext_statfs(struct filesystem *fs, struct statvfs *ret_st)
{
	const struct ext_super *super = &ext_of(fs)->super;

	*ret_st = (struct statvfs){
		.f_bsize = super->block_size,
		.f_frsize = super->block_size,
		.f_blocks = super->blocks,
		.f_files = super->inodes,
		.f_namemax = NAME_MAX,
	};
}
