/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_SQUASH_H
#define SPANK_SERVER_SQUASHFS_SQUASH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/error.h"
#include "common/sif.h"
#include "spank/server/squashfs/read_context.h"

/*
 * Reads a squashfs image.  A reference names a node: a number below 2^48 that
 * says where the inode lies.  References are stateless and are never released.
 * A wrong one is an error, not a crash.
 *
 * Functions return 0 or a count, or -1 with errno: EIO if the image is damaged;
 * ENOENT, ENOTDIR or EINVAL if the node is not of that kind.  Any number of
 * threads may call them, each with a context of its own or NULL.
 *
 * Another reader can implement this header.  It need not return hints.
 */
struct squash;

struct squash_entry {
	char name[NAME_MAX + 1];
	uint64_t ref;
	ino_t number;  /* the inode's number, as in st_ino */
	mode_t type;   /* S_IFMT bits only */
	uint64_t next; /* cookie of the next entry; never 0 */
};

/* Return false to stop. */
typedef bool squash_visit(const struct squash_entry *entry, void *arg);

/*
 * A hint: a block that will be wanted.  `position` and `header` are private to
 * the reader.
 */
struct squash_readahead {
	uint64_t position;
	uint32_t header;
	bool is_guess; /* it may well not be wanted */
};

#define SQUASH_READAHEAD_MAX 16

/* The most that one squash_read() may be asked for. */
#define SQUASH_READ_MAX (1024 * 1024)

enum read_result {
	READ_DATA,        /* `bytes` */
	READ_STORED,      /* at `stored_offset`; with READ_NOWAIT only */
	READ_WOULD_BLOCK, /* with READ_NOWAIT only */
	READ_ERROR,       /* errno */
};

/* What squash_read() found, by its result. */
struct squash_data {
	size_t size;         /* with any result but READ_ERROR */
	const void *bytes;   /* in the cache, or in the caller's buffer */
	const void *held;    /* until squash_release(); NULL if nothing is */
	off_t stored_offset; /* of all bytes, in squash_fd() */
	/*
	 * With any result: the next blocks of a file that is read sequentially,
	 * otherwise what lies behind the data.
	 */
	struct squash_readahead readahead[SQUASH_READAHEAD_MAX];
	size_t readahead_count;
};

/*
 * Open the file system at `partition` of the image file *fd.  On success the
 * descriptor belongs to the reader and *fd becomes -1.  Nothing outside the
 * partition is ever read.  Until squash_set_cache() only a few blocks are
 * cached.  err->text is a sentence about "it", like that of sif_find().
 */
int squash_open(int *fd, const struct sif_partition *partition,
	struct squash **ret_squash, struct error *err);

/*
 * Cache up to `bytes` of decompressed data, enough for `threads` that read at
 * once.  If that changes the size, what was cached is lost.  Only while there
 * is one thread.  -1 with errno.
 */
int squash_set_cache(struct squash *squash, size_t bytes, size_t threads);

/* NULL-safe. */
void squash_close(struct squash *squash);

/* The image's file, borrowed. */
int squash_fd(const struct squash *squash);

/* The root directory. */
uint64_t squash_root(const struct squash *squash);

/* Everything that stat(2) tells, except for st_dev and st_blksize. */
int squash_stat(struct squash *squash, struct read_context *context,
	uint64_t ref, struct stat *ret_st);

/* ENOENT if the directory has no such entry. */
int squash_lookup(struct squash *squash, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref);

/*
 * Visit the entries of a directory, without "." and "..", sorted by name, from
 * `cookie` on; 0 for the first.
 */
int squash_list(struct squash *squash, struct read_context *context,
	uint64_t directory, uint64_t cookie, squash_visit *visit, void *arg);

/* The inode number of a directory's parent, for "..". */
int squash_parent_number(struct squash *squash, struct read_context *context,
	uint64_t directory, ino_t *ret_number);

/* Fill in the target and its NUL; ENAMETOOLONG if `size` is too small. */
int squash_readlink(struct squash *squash, struct read_context *context,
	uint64_t ref, char *target, size_t size);

/*
 * Read up to `size` bytes of a regular file at `offset`; fewer only at the end
 * of the file.  Bytes of one cached block are not copied: *ret_data holds the
 * block.  Other bytes are put into `buffer`, of `size`. *ret_data is filled in
 * whatever the result.  Release it after READ_DATA; after another result there
 * is nothing to release.
 */
enum read_result squash_read(struct squash *squash,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct squash_data *ret_data);

/* Safe to call again.  errno is kept. */
void squash_release(struct squash *squash, struct squash_data *data);

/* Whether to follow the hint: the block is not cached, and a guess pays. */
bool squash_wants_readahead(struct squash *squash,
	const struct squash_readahead *ahead);

/* Follow a hint: load the block into the cache, if it can be read. */
void squash_readahead(struct squash *squash,
	const struct squash_readahead *ahead);

/* The superblock's sizes; nothing is free. */
void squash_statfs(const struct squash *squash, struct statvfs *ret_st);

#endif
