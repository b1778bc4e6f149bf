/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_INTERNAL_H
#define SPANK_SERVER_SQUASHFS_INTERNAL_H

/* What the files of this folder share; not for other folders. */

#include <errno.h>
#include <pthread.h>

#include "common/little_endian.h"
#include "spank/server/filesystem/cache.h"
#include "spank/server/squashfs/codec.h"
#include "spank/server/filesystem/damage.h"
#include "spank/server/squashfs/format.h"
#include "spank/server/squashfs/squash.h"
#include "spank/server/squashfs/xattr.h"

struct squash_super {
	uint32_t inodes;
	uint32_t block_size;
	uint32_t fragments;
	uint16_t compression;
	uint16_t ids;
	uint64_t root;
	uint64_t end; /* of the file system */
	uint64_t id_table;
	uint64_t inode_table;
	uint64_t directory_table;
	uint64_t fragment_table;
	uint64_t xattr_table;
};

struct squash_blockmap; /* blockmap.c */

/* A table: entries in metadata blocks, and an index of these blocks. */
struct squash_table {
	uint64_t start;       /* of the index */
	unsigned char *index; /* in memory; NULL: read it from the image */
};

struct squash {
	struct filesystem fs;        /* first: see squash_of() */
	struct sif_partition window; /* of the file; nothing outside is read */
	struct squash_super super;
	struct codec *codec;
	struct cache *metadata;
	struct cache *data;
	struct squash *lender; /* whose caches these are; NULL: its own */
	uint32_t *ids;
	struct squash_table fragments;
	struct squash_blockmap *blockmap;
};

static inline struct squash *squash_of(struct filesystem *fs)
{
	return (struct squash *)fs;
}

/* A position in the metadata: `offset` bytes into the block at `block`. */
struct squash_cursor {
	uint64_t block;
	uint32_t offset;
};

/* Reads metadata from a cursor on.  It holds a block until it is closed. */
struct squash_stream {
	struct squash *squash;
	struct read_context *context;
	struct squash_cursor at;
	const struct cache_block *block; /* the one at `at`, or NULL */
};

struct squash_inode {
	mode_t mode;
	uint16_t uid, gid; /* indexes in the table of ids */
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
	uint32_t xattrs; /* index in the table of attributes */
	uint16_t indexes;
	/* Where the rest begins: block sizes, the target, or the index. */
	struct squash_cursor next;
};

/* The S_IFMT bits of a basic type; 0 if there is no such type. */
static inline mode_t squash_mode_of(unsigned int type)
{
	static const mode_t modes[] = { 0, S_IFDIR, S_IFREG, S_IFLNK, S_IFBLK,
		S_IFCHR, S_IFIFO, S_IFSOCK };

	return type < sizeof(modes) / sizeof(modes[0]) ? modes[type] : 0;
}

/* Set EIO and return -1: the image does not make sense. */
static inline int squash_corrupt(void)
{
	errno = EIO;
	return -1;
}

/*
 * Fill in squash->super, and narrow the window to the part in use.  -1 with EIO
 * if it does not make sense.
 */
int squash_super_read(struct squash *squash);

/*
 * Return -1; if errno is EIO, record that `position` of the partition is
 * damaged.
 */
static inline int squash_fail_at(const struct squash *squash, uint64_t position)
{
	if (errno == EIO)
		damage_note(squash->fs.fd, squash->window.offset + position, 0);
	return -1;
}

/*
 * The key of the block at `position` in a cache, which several file systems may
 * share.  -1 with EIO if no image is that large.
 */
static inline int squash_cache_key(const struct squash *squash,
	uint64_t position, uint64_t *ret_key)
{
	if (position >> SQUASH_POSITION_BITS)
		return squash_corrupt();
	*ret_key =
		(uint64_t)squash->fs.layer << SQUASH_POSITION_BITS | position;
	return 0;
}

static inline uint64_t squash_position_of(uint64_t key)
{
	return key & ((1ULL << SQUASH_POSITION_BITS) - 1);
}

/* Read all of `size` bytes at `offset` of the partition, or -1 with EIO. */
int squash_pread(const struct squash *squash, void *buffer, size_t size,
	uint64_t offset);

void squash_stream_open(struct squash_stream *stream, struct squash *squash,
	struct read_context *context, struct squash_cursor at);
/* Read all of `size` bytes, from as many blocks as needed, or -1. */
int squash_stream_read(struct squash_stream *stream, void *buffer, size_t size);
/* Safe to call again. */
void squash_stream_close(struct squash_stream *stream);
#define SQUASH_STREAM_CLEANUP __attribute__((cleanup(squash_stream_close)))

/* Read entry `index`, of `each` bytes, of a table. */
int squash_table_read(struct squash *squash, struct read_context *context,
	const struct squash_table *table, size_t each, size_t index,
	void *ret_entry);

/* Read an inode.  -1 with errno, EIO if there is none at `ref`. */
int squash_inode_get(struct squash *squash, struct read_context *context,
	uint64_t ref, struct squash_inode *ret_inode);

/* A block of a file: blockmap.c. */
struct squash_extent {
	uint64_t position; /* of its data in the partition */
	uint32_t header;   /* see format.h; 0: a hole */
};

int squash_blockmap_open(struct squash_blockmap **ret_blockmap);
void squash_blockmap_close(struct squash_blockmap *blockmap);
/*
 * Find `count` blocks of the file from block `first` on, and up to *ahead more,
 * all of which the file has.  *ahead becomes how many more there are: one, or a
 * growing number if the file is read sequentially.  A call with *ahead 0 does
 * not count as a read.
 */
int squash_blockmap_find(struct squash *squash, struct read_context *context,
	uint64_t ref, const struct squash_inode *inode, uint64_t first,
	size_t count, size_t *ahead, struct squash_extent *ret_extents);

/*
 * Get a data block from the cache; load it unless the context forbids that:
 * data_block.c.
 */
enum read_result squash_block_get(struct squash *squash,
	struct read_context *context, const struct squash_extent *extent,
	const struct cache_block **ret_block);

/* The operations that squash_ops has from other files: filesystem.h. */
int squash_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st);
int squash_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref);
int squash_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg);
int squash_parent_number(struct filesystem *fs, struct read_context *context,
	uint64_t directory, ino_t *ret_number);
int squash_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size);
enum read_result squash_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data);
int squash_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory);
void squash_release(struct filesystem *fs, struct fs_data *data);
bool squash_wants_readahead(struct filesystem *fs, const struct fs_hint *hint);
void squash_readahead(struct filesystem *fs, const struct fs_hint *hint);
void squash_statfs(struct filesystem *fs, struct statvfs *ret_st);

#endif
