/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_INTERNAL_H
#define SPANK_SERVER_SQUASHFS_INTERNAL_H

/* What the squash*.c files share; for them only. */

#include <errno.h>
#include <pthread.h>

#include "common/little_endian.h"
#include "spank/server/squashfs/cache.h"
#include "spank/server/squashfs/codec.h"
#include "spank/server/squashfs/damage.h"
#include "spank/server/squashfs/format.h"
#include "spank/server/squashfs/squash.h"

struct squash_super {
	uint32_t inodes;
	uint32_t block_size;
	uint32_t fragments;
	uint16_t compression;
	uint16_t ids;
	uint64_t root;
	uint64_t end; /* of all that belongs to it */
	uint64_t id_table;
	uint64_t inode_table;
	uint64_t directory_table;
	uint64_t fragment_table;
};

struct squash_blockmap; /* blockmap.c */

/* Entries in blocks of metadata, behind a list of where these lie. */
struct squash_table {
	uint64_t start;       /* of the list */
	unsigned char *index; /* the list in memory; NULL: to be read */
};

struct squash {
	int fd;
	struct sif_partition window; /* of the file, all of it is read there */
	struct squash_super super;
	struct codec *codec;
	struct cache *metadata;
	struct cache *data;
	uint32_t *ids;
	struct squash_table fragments;
	struct squash_blockmap *blockmap;
};

/* A byte of the metadata: in the block at `block`, `offset` into it. */
struct squash_cursor {
	uint64_t block;
	uint32_t offset;
};

/* Reads metadata from a cursor on.  Holds on to one block: close it. */
struct squash_stream {
	struct squash *squash;
	struct read_context *context;
	struct squash_cursor at;
	const struct cache_block *block; /* the one at `at`, or NULL */
};

struct squash_inode {
	mode_t mode;
	uint16_t uid, gid; /* indexes of the table of ids */
	uint32_t mtime;
	uint32_t number;
	uint32_t links;
	uint64_t size;
	uint32_t device;
	/* A regular file's. */
	uint64_t start; /* of its first block */
	uint64_t sparse;
	uint32_t fragment, fragment_offset;
	/* A directory's. */
	struct squash_cursor entries;
	uint32_t parent;
	uint16_t indexes;
	/* What follows the inode: sizes of blocks, target, index. */
	struct squash_cursor next;
};

/* Of a basic type; 0 if there is no such type. */
static inline mode_t squash_mode_of(unsigned int type)
{
	static const mode_t modes[] = { 0, S_IFDIR, S_IFREG, S_IFLNK, S_IFBLK,
		S_IFCHR, S_IFIFO, S_IFSOCK };

	return type < sizeof(modes) / sizeof(modes[0]) ? modes[type] : 0;
}

/* For what an image should not say: sets EIO, returns -1. */
static inline int squash_corrupt(void)
{
	errno = EIO;
	return -1;
}

/* Fill in squash->super, and narrow the window to what it says is used.  -1
 * with EIO if it does not make sense. */
int squash_super_read(struct squash *squash);

/* For what fails with EIO because of what is at `position` of the partition. */
static inline int squash_fail_at(const struct squash *squash, uint64_t position)
{
	if (errno == EIO)
		damage_note(squash->window.offset + position, 0);
	return -1;
}

/* All of `size` bytes at `offset` of the partition, or -1 with EIO. */
int squash_pread(const struct squash *squash, void *buffer, size_t size,
	uint64_t offset);

void squash_stream_open(struct squash_stream *stream, struct squash *squash,
	struct read_context *context, struct squash_cursor at);
/* All of `size` bytes, which may be in several blocks, or -1. */
int squash_stream_read(struct squash_stream *stream, void *buffer, size_t size);
/* Safe to call again. */
void squash_stream_close(struct squash_stream *stream);
#define SQUASH_STREAM_CLEANUP __attribute__((cleanup(squash_stream_close)))

/* Entry `index` of a table. */
int squash_table_read(struct squash *squash, struct read_context *context,
	const struct squash_table *table, size_t each, size_t index,
	void *ret_entry);

/* Read an inode.  -1 with errno, EIO if it is none. */
int squash_inode_get(struct squash *squash, struct read_context *context,
	uint64_t ref, struct squash_inode *ret_inode);

/* Where the blocks of files are: blockmap.c. */
struct squash_extent {
	uint64_t position; /* of the block's data in the image */
	uint32_t header;   /* its size, and whether it is stored; 0: a hole */
};

int squash_blockmap_open(struct squash_blockmap **ret_blockmap);
void squash_blockmap_close(struct squash_blockmap *blockmap);
/*
 * `count` blocks of the file from block `first` on, and *ahead more; the caller
 * knows that it has as many.  *ahead becomes what is worth it: one, if the
 * calls before were not for what comes before, and the more, the more were.  A
 * call with *ahead 0 is not counted.
 */
int squash_blockmap_find(struct squash *squash, struct read_context *context,
	uint64_t ref, const struct squash_inode *inode, uint64_t first,
	size_t count, size_t *ahead, struct squash_extent *ret_extents);

/* A data block from the cache, loaded into it unless that would block:
 * data_block.c. */
enum read_result squash_block_get(struct squash *squash,
	struct read_context *context, const struct squash_extent *extent,
	const struct cache_block **ret_block);

#endif
