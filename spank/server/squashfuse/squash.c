/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader of squashfs/squash.h on libsquashfuse, the library that most
 * container runtimes use.  Here: opening and closing.  In
 *
 *   library.h   the library's headers
 *   instance.c  its file systems, handed to threads; reads of the image
 *   inode.c     stat, readlink
 *   dir.c       directories: lookup, list
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

#include "spank/server/squashfs/damage.h"
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

	if (squash_stat(squash, NULL, squash_root(squash), &st) == 0 &&
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
	if (!super_is_sane(squash))
		return damaged(err);
	return check_root(squash, err);
}

int squash_open(int *fd, const struct sif_partition *partition,
	struct squash **ret_squash, struct error *err)
{
	struct squash *squash = calloc(1, sizeof(*squash));

	if (!squash)
		return error_set(err, errno, "it cannot be opened");
	squash->fd = *fd;
	squash->window = *partition;
	damage_begin(*fd);
	if (open_all(squash, err) < 0) {
		instances_free(squash);
		free(squash);
		return -1;
	}
	*fd = -1;
	*ret_squash = squash;
	return 0;
}

/* Half for blocks of files, half for fragments. */
int squash_set_cache(struct squash *squash, size_t bytes, size_t threads)
{
	size_t count = threads > 0 ? threads : 1;
	size_t blocks = bytes / 2 / count / super_of(squash)->block_size;
	sqfs_err reason;

	if (blocks == 0)
		blocks = 1;
	if (count == squash->count && blocks == squash->blocks)
		return 0;
	return instances_make(squash, count, blocks, &reason);
}

void squash_close(struct squash *squash)
{
	if (!squash)
		return;
	instances_free(squash);
	close(squash->fd);
	free(squash);
}

int squash_fd(const struct squash *squash)
{
	return squash->fd;
}

uint64_t squash_root(const struct squash *squash)
{
	return super_of(squash)->root_inode;
}

bool squash_wants_readahead(struct squash *squash,
	const struct squash_readahead *ahead)
{
	(void)squash;
	(void)ahead;
	return false;
}

void squash_readahead(struct squash *squash,
	const struct squash_readahead *ahead)
{
	(void)squash;
	(void)ahead;
}

void squash_statfs(const struct squash *squash, struct statvfs *ret_st)
{
	const struct squashfs_super_block *super = super_of(squash);

	*ret_st = (struct statvfs){
		.f_bsize = super->block_size,
		.f_frsize = super->block_size,
		.f_blocks = (super->bytes_used + super->block_size - 1) /
			    super->block_size,
		.f_files = super->inodes,
		.f_namemax = NAME_MAX,
	};
}
