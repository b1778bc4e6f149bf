/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASH_H
#define SPANK_SERVER_SQUASH_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "common/error.h"
#include "common/sif.h"

/*
 * Reads a squashfs image.  A node is named by its reference: a number below
 * 2^48 that says where its inode lies.  References are stateless, need not be
 * released, and may be anything at all: a wrong one is an error, not a crash.
 *
 * Functions return 0 or a count, or -1 with errno: EIO if the image is
 * damaged, ENOENT, ENOTDIR or EINVAL if the node is not of that kind.  Not
 * safe for threads.
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

/*
 * Open the file system at `partition` of the image file *fd.  The descriptor
 * is given away: on success squash_close() closes it, and *fd is -1.  Nothing
 * outside the partition is ever read.  One image per process can be open.
 * err->text is a sentence about "it", like that of sif_find().
 */
int squash_open(int *fd, const struct sif_partition *partition,
	struct squash **ret_squash, struct error *err);
/* NULL-safe. */

/* NULL-safe. */
void squash_close(struct squash *squash);

/* The root directory's node; always there. */
uint64_t squash_root(const struct squash *squash);

/* Everything that stat(2) tells, except for st_dev. */
int squash_stat(struct squash *squash, uint64_t ref, struct stat *ret_st);

/* ENOENT if the directory has no such entry. */
int squash_lookup(struct squash *squash, uint64_t directory, const char *name,
	uint64_t *ret_ref);

/*
 * Visit the entries of a directory, without "." and "..", in the order of
 * their names, from `cookie` (0: from the first).
 */
int squash_list(struct squash *squash, uint64_t directory, uint64_t cookie,
	squash_visit *visit, void *arg);

/* Number of the inode of a directory's parent, for "..". */
int squash_parent_number(struct squash *squash, uint64_t directory,
	ino_t *ret_number);

/* Fill in the target and its NUL; ENAMETOOLONG if `size` is too small. */
int squash_readlink(struct squash *squash, uint64_t ref, char *target,
	size_t size);

/*
 * Read up to `size` bytes of a regular file at `offset`; returns how many, less
 * than `size` only at the end of the file.  Whole blocks are decompressed and
 * a few are kept.
 */
ssize_t squash_read(struct squash *squash, uint64_t ref, uint64_t offset,
	size_t size, void *buffer);

/* Sizes from the superblock; nothing is free. */
void squash_statfs(const struct squash *squash, struct statvfs *ret_st);

#endif
