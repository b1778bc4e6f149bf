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
 * Reads a squashfs image.  A node is named by its reference: a number below
 * 2^48 that says where its inode lies.  References are stateless, need not be
 * released, and may be anything at all: a wrong one is an error, not a crash.
 *
 * Functions return 0 or a count, or -1 with errno: EIO if the image is
 * damaged, ENOENT, ENOTDIR or EINVAL if the node is not of that kind.  Any
 * number of threads may call them, each with a context of its own or NULL.
 */
struct squash;

struct squash_entry {
	char name[NAME_MAX + 1];
	uint64_t ref;
	ino_t number;  /* the inode's number, as in st_ino */
	mode_t type;   /* S_IFMT bits only */
	uint64_t next; /* cookie of the entry that follows; never 0 */
};

/* Return false to stop. */
typedef bool squash_visit(const struct squash_entry *entry, void *arg);

/* A block that will be wanted; the reader alone knows what the first two say.
 */
struct squash_readahead {
	uint64_t position;
	uint32_t header;
	bool is_guess; /* it will be wanted only perhaps */
};

#define SQUASH_READAHEAD_MAX 16

/* As much as one squash_read() may be asked for. */
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
	off_t stored_offset; /* in squash_fd(), where the bytes lie as a whole
			      */
	/* What will be wanted next, with any result, and may be none: the rest
	 * of a file that is read sequentially, else what lies behind the data.
	 */
	struct squash_readahead readahead[SQUASH_READAHEAD_MAX];
	size_t readahead_count;
};

/*
 * Open the file system at `partition` of the image file *fd.  The descriptor
 * is given away: on success squash_close() closes it, and *fd is -1.  Nothing
 * outside the partition is ever read.  Keeps little in memory until
 * squash_set_cache() says more.  err->text is a sentence about "it", like that
 * of sif_find().
 */
int squash_open(int *fd, const struct sif_partition *partition,
	struct squash **ret_squash, struct error *err);

/*
 * Keep up to `bytes` of decompressed data, for so many threads; if that is not
 * what is kept already, what has been is lost.  Before there are threads.  -1
 * with errno.
 */
int squash_set_cache(struct squash *squash, size_t bytes, size_t threads);

/* NULL-safe. */
void squash_close(struct squash *squash);

/* The image's file, which stays the image's. */
int squash_fd(const struct squash *squash);

/* The root directory's node; always there. */
uint64_t squash_root(const struct squash *squash);

/* Everything that stat(2) tells, except for st_dev and st_blksize. */
int squash_stat(struct squash *squash, struct read_context *context,
	uint64_t ref, struct stat *ret_st);

/* ENOENT if the directory has no such entry. */
int squash_lookup(struct squash *squash, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref);

/*
 * Visit the entries of a directory, without "." and "..", in the order of
 * their names, from `cookie` (0: from the first).
 */
int squash_list(struct squash *squash, struct read_context *context,
	uint64_t directory, uint64_t cookie, squash_visit *visit, void *arg);

/* Number of the inode of a directory's parent, for "..". */
int squash_parent_number(struct squash *squash, struct read_context *context,
	uint64_t directory, ino_t *ret_number);

/* Fill in the target and its NUL; ENAMETOOLONG if `size` is too small. */
int squash_readlink(struct squash *squash, struct read_context *context,
	uint64_t ref, char *target, size_t size);

/*
 * Read up to `size` bytes of a regular file at `offset`; fewer only at the end
 * of the file.  What lies in one block is not copied: *ret_data holds the
 * block.  Otherwise the bytes are put into `buffer`, of `size`.  *ret_data is
 * filled in whatever the result.  Release it after READ_DATA; after another
 * result there is nothing to release.
 */
enum read_result squash_read(struct squash *squash,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct squash_data *ret_data);

/* Safe to call again.  errno is kept. */
void squash_release(struct squash *squash, struct squash_data *data);

/* Whether it is not in the cache yet, and a guess worth it. */
bool squash_wants_readahead(struct squash *squash,
	const struct squash_readahead *ahead);

/* Decompress into the cache what will be wanted, if it can be. */
void squash_readahead(struct squash *squash,
	const struct squash_readahead *ahead);

/* Sizes from the superblock; nothing is free. */
void squash_statfs(const struct squash *squash, struct statvfs *ret_st);

#endif
