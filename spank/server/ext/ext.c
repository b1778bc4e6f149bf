/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of ext2, ext3 and ext4 that trusts nothing in an image.  This file
 * opens and closes.  The others are
 *
 *   superblock.c  the superblock, features, and reads from the partition
 *   metadata.c    blocks of metadata, and where the inodes of a group lie
 *   inode.c       inodes: stat, readlink
 *   xattr.c       the mark of an opaque directory; files in inodes
 *   scan.c        the entries of a directory
 *   dir.c         directories: lookup, list
 *   htree.c       the index of a large directory; hash.c
 *   map.c         where the blocks of a file lie, in two formats: pointers.c
 *                 and extents.c
 *   file.c        contents of files
 *
 * Rules: a number from the image is checked before it is used as an offset, a
 * size or an index.  Sums are made in 64 bits, of numbers that were checked.
 * Every loop runs over bytes that the image really has.  Where an image can
 * refer to the same bytes many times, there is a limit.  Damage is EIO for the
 * caller, nothing more.
 *
 * Threads share the cache of metadata, which has a lock; everything else is
 * constant.  A thread holds at most one block of it.
 *
 * Not here: journals, which have to be empty; checksums; encryption and case
 * folding, which are refused.
 *
 * Layout: the kernel's Documentation/filesystems/ext4, and format.h.
 */
#include <stdlib.h>
#include <unistd.h>

#include "spank/server/ext/internal.h"

/* A miss costs only a microsecond, because the blocks are in the page cache.
 * The limit does not depend on the block size, which the image decides. */
#define METADATA_BYTES      (1024 * 1024)
#define METADATA_BLOCKS_MIN 32

static int say_cannot_open(struct error *err)
{
	return error_set(err, errno, "it cannot be opened");
}

static int say_bad_root(struct error *err)
{
	if (errno == ENOMEM)
		return say_cannot_open(err);
	return error_set(err, 0,
		"it is damaged: the root of its file system cannot be read; "
		"repair it with 'e2fsck -f', or copy it again");
}

/* The root, or the directory of that name in it. */
static int find_root(struct ext *ext, const char *subtree, struct error *err)
{
	struct ext_inode inode;
	uint64_t ref;

	ext->fs.root = EXT_ROOT;
	if (ext_inode_get_directory(ext, NULL, EXT_ROOT, &inode) < 0)
		return say_bad_root(err);
	if (!subtree)
		return 0;
	if (ext_lookup(&ext->fs, NULL, EXT_ROOT, subtree, &ref) < 0)
		return errno == ENOENT ? 0 : say_bad_root(err);
	if (ext_inode_get(ext, NULL, ref, &inode) < 0)
		return say_bad_root(err);
	if (S_ISDIR(inode.mode))
		ext->fs.root = ref;
	return 0;
}

static int open_all(struct ext *ext, const char *subtree, struct error *err)
{
	if (ext_super_read(ext, err) < 0)
		return -1;
	if (cache_open(METADATA_BYTES, ext->super.block_size,
		    METADATA_BLOCKS_MIN, &ext->metadata) < 0)
		return say_cannot_open(err);
	return find_root(ext, subtree, err);
}

static void free_all(struct ext *ext)
{
	cache_close(ext->metadata);
	free(ext);
}

static void ext_close(struct filesystem *fs)
{
	close(fs->fd);
	free_all(ext_of(fs));
}

/* No set_cache: the kernel caches data, see file.c. */
static const struct filesystem_ops ext_ops = {
	.close = ext_close,
	.stat = ext_stat,
	.lookup = ext_lookup,
	.list = ext_list,
	.parent_number = ext_parent_number,
	.readlink = ext_readlink,
	.is_opaque = ext_is_opaque,
	.read = ext_read,
	.statfs = ext_statfs,
};

int ext_open(int *fd, const struct sif_partition *partition,
	const char *subtree, struct filesystem **ret_fs, struct error *err)
{
	struct ext *ext = calloc(1, sizeof(*ext));

	if (!ext)
		return say_cannot_open(err);
	ext->fs = (struct filesystem){ .ops = &ext_ops, .fd = *fd };
	ext->window = *partition;
	damage_watch(*fd);
	if (open_all(ext, subtree, err) < 0) {
		free_all(ext);
		return -1;
	}
	*fd = -1;
	*ret_fs = &ext->fs;
	return 0;
}
