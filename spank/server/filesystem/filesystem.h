/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_FILESYSTEM_H
#define SPANK_SERVER_FILESYSTEM_FILESYSTEM_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "spank/server/filesystem/read_context.h"

/*
 * A read-only file system.  A reference names a node: a number below 2^48 that
 * says where the inode lies.  References are stateless and are never released.
 * A wrong one is an error, not a crash.
 *
 * Functions return 0 or a count, or -1 with errno: EIO if the file system is
 * damaged; ENOENT, ENOTDIR or EINVAL if the node is not of that kind.  Any
 * number of threads may call them, each with a context of its own or NULL.
 */
struct filesystem {
	const struct filesystem_ops *ops;
	int fd;             /* the image's file */
	uint64_t root;      /* the reference of its root directory */
	unsigned int layer; /* its place in a stack: stack.h */
};

struct fs_entry {
	char name[NAME_MAX + 1];
	uint64_t ref;
	ino_t number;  /* the inode's number, as in st_ino */
	mode_t type;   /* S_IFMT bits only */
	uint64_t next; /* cookie of the next entry; never 0 */
};

/* Return false to stop. */
typedef bool fs_visit(const struct fs_entry *entry, void *arg);

/*
 * A hint: a block that will be wanted.  `position` and `header` are private to
 * the reader.
 */
struct fs_hint {
	uint64_t position;
	uint32_t header;
	bool is_guess; /* it may well not be wanted */
	uint8_t layer; /* private to the stack */
};

#define FS_HINTS_MAX 16

/* The most that one fs_read() may be asked for. */
#define FS_READ_MAX (1024 * 1024)

enum read_result {
	READ_DATA,        /* `bytes` */
	READ_STORED,      /* at `stored_offset`; with READ_NOWAIT only */
	READ_WOULD_BLOCK, /* with READ_NOWAIT only */
	READ_ERROR,       /* errno */
};

/* What fs_read() found, by its result. */
struct fs_data {
	size_t size;         /* with any result but READ_ERROR */
	const void *bytes;   /* in the cache, or in the caller's buffer */
	const void *held;    /* until fs_release(); NULL if nothing is */
	off_t stored_offset; /* of all bytes, in fs_stored_fd() */
	unsigned int layer;  /* private to the stack */
	/*
	 * With any result: the next blocks of a file that is read sequentially,
	 * otherwise what lies behind the data.
	 */
	struct fs_hint hints[FS_HINTS_MAX];
	size_t hints_count;
};

/* What a reader implements: see the functions below. */
struct filesystem_ops {
	/* NULL if it keeps no data. */
	int (*set_cache)(struct filesystem *fs, size_t bytes, size_t threads);
	/* NULL if it has no caches that others can use. */
	void (*share_caches)(struct filesystem *fs, struct filesystem *lender);
	void (*close)(struct filesystem *fs);
	int (*stat)(struct filesystem *fs, struct read_context *context,
		uint64_t ref, struct stat *ret_st);
	int (*lookup)(struct filesystem *fs, struct read_context *context,
		uint64_t directory, const char *name, uint64_t *ret_ref);
	int (*list)(struct filesystem *fs, struct read_context *context,
		uint64_t directory, uint64_t cookie, fs_visit *visit,
		void *arg);
	int (*parent_number)(struct filesystem *fs,
		struct read_context *context, uint64_t directory,
		ino_t *ret_number);
	int (*is_opaque)(struct filesystem *fs, struct read_context *context,
		uint64_t directory);
	int (*readlink)(struct filesystem *fs, struct read_context *context,
		uint64_t ref, char *target, size_t size);
	enum read_result (*read)(struct filesystem *fs,
		struct read_context *context, uint64_t ref, uint64_t offset,
		size_t size, void *buffer, struct fs_data *ret_data);
	/* NULL if no data is ever held. */
	void (*release)(struct filesystem *fs, struct fs_data *data);
	/* NULL if it has one file. */
	int (*stored_fd)(struct filesystem *fs, const struct fs_data *data);
	/* NULL if there are never any hints. */
	bool (*wants_readahead)(struct filesystem *fs,
		const struct fs_hint *hint);
	void (*readahead)(struct filesystem *fs, const struct fs_hint *hint);
	void (*statfs)(struct filesystem *fs, struct statvfs *ret_st);
};

/*
 * Cache up to `bytes` of decompressed data, enough for `threads` that read at
 * once.  If that changes the size, what was cached is lost.  Only while there
 * is one thread.  -1 with errno.
 */
static inline int fs_set_cache(struct filesystem *fs, size_t bytes,
	size_t threads)
{
	return fs->ops->set_cache ? fs->ops->set_cache(fs, bytes, threads) : 0;
}

/*
 * Use the caches of another file system of a stack instead of its own.  It has
 * the same operations, and blocks as large or larger.  To be called again when
 * the lender's caches have changed; the lender is closed last.  Only while
 * there is one thread.
 */
static inline void fs_share_caches(struct filesystem *fs,
	struct filesystem *lender)
{
	fs->ops->share_caches(fs, lender);
}

/* Also closes the descriptor.  NULL-safe. */
static inline void fs_close(struct filesystem *fs)
{
	if (fs)
		fs->ops->close(fs);
}

/* Everything that stat(2) tells, except for st_dev and st_blksize. */
static inline int fs_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st)
{
	return fs->ops->stat(fs, context, ref, ret_st);
}

/* ENOENT if the directory has no such entry. */
static inline int fs_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref)
{
	return fs->ops->lookup(fs, context, directory, name, ret_ref);
}

/*
 * Visit the entries of a directory, without "." and "..", from `cookie` on; 0
 * for the first.  A directory is always listed in the same order, and cookies
 * increase.
 */
static inline int fs_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg)
{
	return fs->ops->list(fs, context, directory, cookie, visit, arg);
}

/* The inode number of a directory's parent, for "..". */
static inline int fs_parent_number(struct filesystem *fs,
	struct read_context *context, uint64_t directory, ino_t *ret_number)
{
	return fs->ops->parent_number(fs, context, directory, ret_number);
}

/*
 * Whether a directory is marked as opaque: in a stack it hides those below.  0
 * or 1; see opaque.h.
 */
static inline int fs_is_opaque(struct filesystem *fs,
	struct read_context *context, uint64_t directory)
{
	return fs->ops->is_opaque(fs, context, directory);
}

/* Fill in the target and its NUL; ENAMETOOLONG if `size` is too small. */
static inline int fs_readlink(struct filesystem *fs,
	struct read_context *context, uint64_t ref, char *target, size_t size)
{
	return fs->ops->readlink(fs, context, ref, target, size);
}

/*
 * Read up to `size` bytes of a regular file at `offset`; fewer only at the end
 * of the file.  Bytes of one cached block are not copied: *ret_data holds the
 * block.  Other bytes are put into `buffer`, of `size`. *ret_data is filled in
 * whatever the result.  Release it after READ_DATA; after another result there
 * is nothing to release.
 */
static inline enum read_result fs_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data)
{
	return fs->ops->read(fs, context, ref, offset, size, buffer, ret_data);
}

/* Safe to call again.  errno is kept. */
static inline void fs_release(struct filesystem *fs, struct fs_data *data)
{
	if (data->held)
		fs->ops->release(fs, data);
}

/* The file in which bytes are stored: READ_STORED. */
static inline int fs_stored_fd(struct filesystem *fs,
	const struct fs_data *data)
{
	return fs->ops->stored_fd ? fs->ops->stored_fd(fs, data) : fs->fd;
}

/* Whether to follow the hint: the block is not cached, and a guess pays. */
static inline bool fs_wants_readahead(struct filesystem *fs,
	const struct fs_hint *hint)
{
	return fs->ops->wants_readahead && fs->ops->wants_readahead(fs, hint);
}

/* Follow a hint: load the block into the cache, if it can be read. */
static inline void fs_readahead(struct filesystem *fs,
	const struct fs_hint *hint)
{
	fs->ops->readahead(fs, hint);
}

/* The superblock's sizes; nothing is free. */
static inline void fs_statfs(struct filesystem *fs, struct statvfs *ret_st)
{
	fs->ops->statfs(fs, ret_st);
}

#endif
