/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader of squashfs/squash.h on libsquashfuse, the library that most
 * container runtimes use.  Here: opening and closing.  In
 *
 *   library.h   the library's headers
 *   instance.c  its file systems, handed to threads; reads of the image
 *   inode.c     stat, readlink
 *   dir.c       directories: lookup, list
 *   opaque.c    the mark of opaque directories
 *   file.c      contents of files
 *
 * The library has memory errors when an image is damaged.  This reader prevents
 * two kinds: reads stay within the partition, and names have room.  Because of
 * the rest it depends on the sandbox, and is not the default:
 * doc/decisions/005-own-squashfs-reader.md.
 *
 * No block is read ahead, and every read of a file takes a moment: the library
 * cannot tell whether it has a block.
 */
#include <stdlib.h>
#include <unistd.h>

#include "spank/server/filesystem/damage.h"
#include "spank/server/squashfs/format.h"
#include "spank/server/squashfuse/internal.h"

static int damaged(struct error *err)
{
	return error_set(err, 0,
		"it is damaged: its squashfs does not make sense; copy or "
		"build it again");
}

static int cannot_open(sqfs_err reason, const struct sif_partition *partition,
	struct error *err)
{
	if (errno == ENOMEM || reason == SQFS_UNSUP)
		return error_set(err, errno, "it cannot be opened");
	if (reason == SQFS_BADCOMP)
		return error_set(err, 0,
			"it is compressed with %s, which cannot be read here; "
			"build it again with gzip or zstd",
			sif_compression_name(partition->compression));
	return damaged(err);
}

static const struct squashfs_super_block *super_of(const struct squash *squash)
{
	return &squash->instances[0].fs.sb;
}

/* The library divides by the block size. */
static bool super_is_sane(const struct squash *squash)
{
	const struct squashfs_super_block *super = super_of(squash);

	return super->block_size >= SQUASH_BLOCK_MIN &&
	       super->block_size <= SQUASH_BLOCK_MAX && super->block_log < 32 &&
	       super->block_size == 1U << super->block_log;
}

static int check_root(struct squash *squash, struct error *err)
{
	struct stat st;

	if (squashfuse_stat(&squash->fs, NULL, super_of(squash)->root_inode,
		    &st) == 0 &&
		S_ISDIR(st.st_mode))
		return 0;
	if (errno == ENOMEM)
		return error_set(err, errno, "it cannot be opened");
	return error_set(err, 0,
		"it is damaged: the root of its file system cannot be read; "
		"copy or build it again");
}

static int open_all(struct squash *squash, struct error *err)
{
	sqfs_err reason;

	if (instances_make(squash, 1, 1, &reason) < 0)
		return cannot_open(reason, &squash->window, err);
	/* Libsquashfuse 0.5 reads it, too; the other reader does not. */
	if (super_of(squash)->compression == LZMA_COMPRESSION)
		return cannot_open(SQFS_BADCOMP, &squash->window, err);
	if (!super_is_sane(squash))
		return damaged(err);
	return check_root(squash, err);
}

/* Half for blocks of files, half for fragments. */
static int squashfuse_set_cache(struct filesystem *fs, size_t bytes,
	size_t threads)
{
	struct squash *squash = squash_of(fs);
	size_t count = threads > 0 ? threads : 1;
	size_t blocks = bytes / 2 / count / super_of(squash)->block_size;
	sqfs_err reason;

	if (blocks == 0)
		blocks = 1;
	if (count == squash->count && blocks == squash->blocks)
		return 0;
	return instances_make(squash, count, blocks, &reason);
}

static void squashfuse_close(struct filesystem *fs)
{
	struct squash *squash = squash_of(fs);
	instances_free(squash);
	close(squash->fs.fd);
	free(squash);
}

static void squashfuse_statfs(struct filesystem *fs, struct statvfs *ret_st)
{
	const struct squashfs_super_block *super = super_of(squash_of(fs));

	*ret_st = (struct statvfs){
		.f_bsize = super->block_size,
		.f_frsize = super->block_size,
		.f_blocks = (super->bytes_used + super->block_size - 1) /
			    super->block_size,
		.f_files = super->inodes,
		.f_namemax = NAME_MAX,
	};
}

/* No hints, and no data that is held. */
static const struct filesystem_ops squashfuse_ops = {
	.set_cache = squashfuse_set_cache,
	.close = squashfuse_close,
	.stat = squashfuse_stat,
	.lookup = squashfuse_lookup,
	.list = squashfuse_list,
	.parent_number = squashfuse_parent_number,
	.is_opaque = squashfuse_is_opaque,
	.readlink = squashfuse_readlink,
	.read = squashfuse_read,
	.statfs = squashfuse_statfs,
};

int squash_open(int *fd, const struct sif_partition *partition,
	struct filesystem **ret_fs, struct error *err)
{
	struct squash *squash = calloc(1, sizeof(*squash));

	if (!squash)
		return error_set(err, errno, "it cannot be opened");
	squash->fs = (struct filesystem){ .ops = &squashfuse_ops, .fd = *fd };
	squash->window = *partition;
	damage_watch(*fd);
	if (open_all(squash, err) < 0) {
		instances_free(squash);
		free(squash);
		return -1;
	}
	*fd = -1;
	squash->fs.root = super_of(squash)->root_inode;
	*ret_fs = &squash->fs;
	return 0;
}
