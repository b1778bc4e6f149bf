/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The superblock, which features it may have, and the only function that reads
 * from the image.  That reads within a window of the file: first the partition,
 * then the part of it that the file system takes.
 *
 * Features that only matter to whoever writes are ignored (ro_compat, compat);
 * so are checksums, of this block and of all others: whatever they protect is
 * checked before it is used, and the contents of files have none.
 */
#include <unistd.h>

#include "spank/server/ext/internal.h"

#define KNOWN_INCOMPAT                                                         \
	(EXT_INCOMPAT_FILETYPE | EXT_INCOMPAT_META_BG | EXT_INCOMPAT_EXTENTS | \
		EXT_INCOMPAT_64BIT | EXT_INCOMPAT_MMP | EXT_INCOMPAT_FLEX_BG | \
		EXT_INCOMPAT_EA_INODE | EXT_INCOMPAT_CSUM_SEED |               \
		EXT_INCOMPAT_LARGEDIR | EXT_INCOMPAT_INLINE_DATA)

int ext_pread(const struct ext *ext, void *buffer, size_t size, uint64_t offset)
{
	size_t done = 0;
	ssize_t got;

	if (offset > ext->window.size || size > ext->window.size - offset)
		return ext_corrupt();
	while (done < size) {
		got = pread(ext->fs.fd, (char *)buffer + done, size - done,
			ext->window.offset + offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			damage_note(ext->window.offset + offset + done,
				got < 0 ? errno : 0);
			return ext_corrupt();
		}
		done += got;
	}
	return 0;
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

static int parse_super(const unsigned char *raw, struct ext_super *super)
{
	uint32_t log_block_size = le32_at(raw + 24);
	uint64_t groups;

	if (le16_at(raw + 56) != EXT_MAGIC || log_block_size > 6)
		return ext_corrupt();
	*super = (struct ext_super){
		.inodes = le32_at(raw),
		.blocks = le32_at(raw + 4),
		.first_block = le32_at(raw + 20),
		.block_size = EXT_BLOCK_MIN << log_block_size,
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

/* A journal that was not written back, or no journal and not unmounted. */
static bool is_unclean(const unsigned char *raw, const struct ext_super *super)
{
	if (super->incompat & EXT_INCOMPAT_RECOVER)
		return true;
	return !(super->compat & EXT_COMPAT_JOURNAL) &&
	       !(le16_at(raw + 58) & EXT_STATE_CLEAN);
}

static int check_features(const unsigned char *raw,
	const struct ext_super *super, struct error *err)
{
	uint32_t unknown = super->incompat & ~KNOWN_INCOMPAT;

	if (super->incompat & EXT_INCOMPAT_JOURNAL_DEV)
		return error_set(err, 0,
			"it is the external journal of an ext file system, "
			"which has no files");
	if (is_unclean(raw, super))
		return error_set(err, 0,
			"its ext file system was not unmounted properly, or is "
			"in use for writing; when nothing uses it, run 'e2fsck "
			"-f' on it");
	if (unknown & EXT_INCOMPAT_ENCRYPT)
		return error_set(err, 0,
			"its ext file system can have encrypted files, which "
			"are not supported; copy the files into one that was "
			"made without '-O encrypt'");
	if (unknown & EXT_INCOMPAT_CASEFOLD)
		return error_set(err, 0,
			"its ext file system can ignore the case of names, "
			"which is not supported; copy the files into one that "
			"was made without '-O casefold'");
	if (unknown)
		return error_set(err, 0,
			"its ext file system has features that are not "
			"supported (0x%x); copy the files into one that was "
			"made by 'mke2fs' without options",
			unknown);
	return 0;
}

int ext_super_read(struct ext *ext, struct error *err)
{
	unsigned char raw[EXT_SUPER_SIZE];
	struct ext_super super;
	uint64_t size;

	if (ext_pread(ext, raw, sizeof(raw), EXT_SUPER_OFFSET) < 0 ||
		parse_super(raw, &super) < 0)
		return error_set(err, 0,
			"it is damaged: its ext file system does not make "
			"sense; repair it with 'e2fsck -f', or copy it again");
	if (check_features(raw, &super, err) < 0)
		return -1;
	if (__builtin_mul_overflow(super.blocks, super.block_size, &size) ||
		size > ext->window.size)
		return error_set(err, 0,
			"it is truncated or damaged: its ext file system "
			"claims %llu blocks of %u bytes where there are %llu "
			"bytes; copy it again",
			(unsigned long long)super.blocks, super.block_size,
			(unsigned long long)ext->window.size);
	ext->super = super;
	ext->window.size = size;
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
