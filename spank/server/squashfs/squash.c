/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reader of squashfs 4.0 that trusts nothing in an image.  This file opens
 * and closes.  The others are
 *
 *   superblock.c    the superblock, and reads from the partition
 *   metadata.c      metadata blocks, streams and tables of them
 *   inode.c         inodes: stat, readlink
 *   dir.c           directories: lookup, list
 *   opaque.c        the mark of opaque directories; xattr.c
 *   blockmap.c      where the blocks of a file lie
 *   data_block.c    compressed blocks of data
 *   file.c          contents of files
 *   codec.c         decompression
 *
 * Rules: a number from the image is checked before it is used as an offset, a
 * size or an index.  Sums are made in 64 bits, of numbers that were checked.
 * Every loop runs over bytes that the image really has.  What is wrong with the
 * image is EIO for the caller, nothing more.
 *
 * Threads share the caches, the codec's work sets and the block map, each of
 * which has a lock; everything else is constant.
 *
 * Layout: the kernel's fs/squashfs/squashfs_fs.h, and format.h.
 */
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/squashfs/internal.h"

/* 8 bytes for each 512 fragments. */
#define FRAGMENT_INDEX_MAX (256 * 1024)
/* 8 KiB each: as many as a walk through 100,000 inodes comes back to. */
#define METADATA_BLOCKS 256
/* Until fs_set_cache(): enough to open the image and look around. */
#define DATA_BLOCKS 4

static int read_ids(struct squash *squash)
{
	const struct squash_table table = { .start = squash->super.id_table };
	unsigned char raw[SQUASH_ID_SIZE];
	size_t i;

	squash->ids = calloc(squash->super.ids, sizeof(*squash->ids));
	if (!squash->ids)
		return -1;
	for (i = 0; i < squash->super.ids; i++) {
		if (squash_table_read(squash, NULL, &table, sizeof(raw), i,
			    raw) < 0)
			return -1;
		squash->ids[i] = le32_at(raw);
	}
	return 0;
}

/*
 * Each read of a small file needs the index, and reading it from the image
 * could wait: it is kept in memory.  Only a crafted image has more than
 * FRAGMENT_INDEX_MAX of it; that stays in the image.
 */
static int open_fragments(struct squash *squash)
{
	struct squash_table *table = &squash->fragments;
	size_t each = SQUASH_METADATA_SIZE / SQUASH_FRAGMENT_SIZE;
	size_t blocks = (squash->super.fragments + each - 1) / each;
	size_t size = blocks * SQUASH_POINTER_SIZE;

	table->start = squash->super.fragment_table;
	if (size == 0 || size > FRAGMENT_INDEX_MAX)
		return 0;
	table->index = malloc(size);
	if (!table->index)
		return -1;
	return squash_pread(squash, table->index, size, table->start);
}

static int open_caches(struct squash *squash)
{
	size_t input = squash->super.block_size;

	if (input < SQUASH_METADATA_SIZE)
		input = SQUASH_METADATA_SIZE;
	if (codec_open(squash->super.compression, input, &squash->codec) < 0 ||
		cache_open(0, SQUASH_METADATA_SIZE, METADATA_BLOCKS,
			&squash->metadata) < 0 ||
		cache_open(0, squash->super.block_size, DATA_BLOCKS,
			&squash->data) < 0 ||
		squash_blockmap_open(&squash->blockmap) < 0)
		return -1;
	return 0;
}

static int say_cannot_open(struct error *err)
{
	return error_set(err, errno, "it cannot be opened");
}

static int say_damaged(struct error *err)
{
	return error_set(err, 0,
		"it is damaged: its squashfs does not make sense; copy or "
		"build it again");
}

static int open_all(struct squash *squash, struct error *err)
{
	struct squash_inode root;
	int got;

	if (squash_super_read(squash) < 0)
		return say_damaged(err);
	if (!codec_is_known(squash->super.compression))
		return error_set(err, 0,
			"it is compressed with %s, which cannot be read here; "
			"build it again with gzip or zstd",
			sif_compression_name(squash->super.compression));
	if (open_caches(squash) < 0)
		return say_cannot_open(err);
	if (read_ids(squash) < 0 || open_fragments(squash) < 0)
		return errno == ENOMEM ? say_cannot_open(err)
				       : say_damaged(err);
	got = squash_inode_get(squash, NULL, squash->super.root, &root);
	if (got < 0 && errno == ENOMEM)
		return say_cannot_open(err);
	if (got < 0 || !S_ISDIR(root.mode))
		return error_set(err, 0,
			"it is damaged: the root of its file system cannot be "
			"read; copy or build it again");
	return 0;
}

static void free_codec(struct squash *squash)
{
	if (!squash->lender || squash->codec != squash->lender->codec)
		codec_close(squash->codec);
}

static void free_caches(struct squash *squash)
{
	if (squash->lender)
		return;
	cache_close(squash->metadata);
	cache_close(squash->data);
}

static void free_all(struct squash *squash)
{
	squash_blockmap_close(squash->blockmap);
	free_codec(squash);
	free_caches(squash);
	free(squash->ids);
	free(squash->fragments.index);
	free(squash);
}

static int squash_set_cache(struct filesystem *fs, size_t bytes, size_t threads)
{
	struct squash *squash = squash_of(fs);
	/*
	 * Enough for each thread and those that read ahead, with some to spare.
	 * If there are more rings than that, their threads wait for each other.
	 */
	size_t least = 3 * threads + 8;
	size_t blocks = bytes / squash->super.block_size;
	struct cache *cache;

	/* The size is the same: keep what is cached. */
	if ((blocks < least ? least : blocks) == cache_blocks(squash->data))
		return 0;
	if (cache_open(bytes, squash->super.block_size, least, &cache) < 0)
		return -1;
	cache_close(squash->data);
	squash->data = cache;
	return 0;
}

/* Also shares the work sets of the codec, which are as large as blocks. */
static void squash_share_caches(struct filesystem *fs,
	struct filesystem *lender_fs)
{
	struct squash *squash = squash_of(fs);
	struct squash *lender = squash_of(lender_fs);

	free_caches(squash);
	if (lender->super.compression == squash->super.compression) {
		free_codec(squash);
		squash->codec = lender->codec;
	}
	squash->lender = lender;
	squash->metadata = lender->metadata;
	squash->data = lender->data;
}

static void squash_close(struct filesystem *fs)
{
	struct squash *squash = squash_of(fs);

	close(squash->fs.fd);
	free_all(squash);
}

static const struct filesystem_ops squash_ops = {
	.set_cache = squash_set_cache,
	.share_caches = squash_share_caches,
	.close = squash_close,
	.stat = squash_stat,
	.lookup = squash_lookup,
	.list = squash_list,
	.parent_number = squash_parent_number,
	.is_opaque = squash_is_opaque,
	.readlink = squash_readlink,
	.read = squash_read,
	.release = squash_release,
	.wants_readahead = squash_wants_readahead,
	.readahead = squash_readahead,
	.statfs = squash_statfs,
};

int squash_open(int *fd, const struct sif_partition *partition,
	struct filesystem **ret_fs, struct error *err)
{
	struct squash *squash = calloc(1, sizeof(*squash));

	if (!squash)
		return error_set(err, errno, "it cannot be opened");
	squash->fs = (struct filesystem){ .ops = &squash_ops, .fd = *fd };
	squash->window = *partition;
	damage_watch(*fd);
	if (open_all(squash, err) < 0) {
		free_all(squash);
		return -1;
	}
	*fd = -1;
	squash->fs.root = squash->super.root;
	*ret_fs = &squash->fs;
	return 0;
}
