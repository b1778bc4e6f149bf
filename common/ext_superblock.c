/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which ext file systems can be read.  srun, sbatch and salloc ask this before
 * the submission, and the image server asks it again.  The reader is in
 * spank/server/ext/.
 */
#include <stdbool.h>

#include "common/ext_superblock.h"
#include "common/little_endian.h"

#define STATE_CLEAN 0x0001

#define KNOWN_INCOMPAT                                                         \
	(EXT_INCOMPAT_FILETYPE | EXT_INCOMPAT_META_BG | EXT_INCOMPAT_EXTENTS | \
		EXT_INCOMPAT_64BIT | EXT_INCOMPAT_MMP | EXT_INCOMPAT_FLEX_BG | \
		EXT_INCOMPAT_EA_INODE | EXT_INCOMPAT_CSUM_SEED |               \
		EXT_INCOMPAT_LARGEDIR | EXT_INCOMPAT_INLINE_DATA)

/* Revision 0 has no features. */
static uint32_t incompat_of(const unsigned char *superblock)
{
	return le32_at(superblock + 76) > 0 ? le32_at(superblock + 96) : 0;
}

/* The kernel marks a journal that is not written back, and clears the state if
 * there is no journal.  fuse2fs, which Apptainer writes with, always does the
 * latter. */
static bool is_unclean(const unsigned char *superblock)
{
	return incompat_of(superblock) & EXT_INCOMPAT_RECOVER ||
	       !(le16_at(superblock + 58) & STATE_CLEAN);
}

static int check_features(uint32_t incompat, struct error *err)
{
	uint32_t unknown = incompat & ~KNOWN_INCOMPAT & ~EXT_INCOMPAT_RECOVER;

	if (incompat & EXT_INCOMPAT_JOURNAL_DEV)
		return error_set(err, 0,
			"it is the external journal of an ext file system, "
			"which has no files; give the file system that it "
			"belongs to");
	if (incompat & EXT_INCOMPAT_ENCRYPT)
		return error_set(err, 0,
			"its ext file system can have encrypted files, which "
			"are not supported; copy the files into one that was "
			"made without '-O encrypt'");
	if (incompat & EXT_INCOMPAT_CASEFOLD)
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

static int check_size(const unsigned char *superblock, uint64_t room,
	struct error *err)
{
	uint32_t log_block_size = le32_at(superblock + 24);
	uint64_t blocks = le32_at(superblock + 4);

	if (incompat_of(superblock) & EXT_INCOMPAT_64BIT)
		blocks |= (uint64_t)le32_at(superblock + 336) << 32;
	if (log_block_size > 6)
		return error_set(err, 0,
			"it is damaged: its ext file system does not make "
			"sense; repair it with 'e2fsck -f', or copy it again");
	if (blocks > room / (1024U << log_block_size))
		return error_set(err, 0,
			"it is truncated or damaged: its ext file system "
			"claims %llu blocks of %u bytes where there are %llu "
			"bytes; copy it again",
			(unsigned long long)blocks, 1024U << log_block_size,
			(unsigned long long)room);
	return 0;
}

int ext_superblock_check(const unsigned char superblock[EXT_SUPER_SIZE],
	uint64_t room, struct error *err)
{
	if (le16_at(superblock + EXT_SUPER_MAGIC) != EXT_MAGIC)
		return error_set(err, 0,
			"it is damaged: its file system does not begin like "
			"ext2, ext3 or ext4; copy or build it again");
	if (check_features(incompat_of(superblock), err) < 0)
		return -1;
	if (is_unclean(superblock))
		return error_set(err, 0,
			"its ext file system was not unmounted properly, or is "
			"in use for writing; when nothing uses it, run 'e2fsck "
			"-f' on it");
	return check_size(superblock, room, err);
}
