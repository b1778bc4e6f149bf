/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFUSE_INTERNAL_H
#define SPANK_SERVER_SQUASHFUSE_INTERNAL_H

/* What the files of this folder share; for them only. */

#include <errno.h>
#include <pthread.h>

#include "spank/server/squashfs/squash.h"
#include "spank/server/squashfuse/library.h"

/* A name's length has 16 bits in the image, and the library writes as much. */
#define SQUASHFUSE_NAME_SIZE (64 * 1024 + 2)

/*
 * One file system of the library, with caches of its own.  Releases before 0.2
 * have no locks, so a thread takes an instance, calls the library, and gives it
 * back.
 */
struct instance {
	pthread_mutex_t lock;
	sqfs fs;
	char name[SQUASHFUSE_NAME_SIZE]; /* of the entry that is read */
};

struct squash {
	struct filesystem fs;        /* first: see squash_of() */
	struct sif_partition window; /* of the file, all of it is read there */
	struct instance *instances;
	size_t count;
	size_t blocks; /* of files, and as many of fragments, in each cache */
};

static inline struct squash *squash_of(struct filesystem *fs)
{
	return (struct squash *)fs;
}

/* Make squash->instances, as many as `count`.  -1 with errno. */
int instances_make(struct squash *squash, size_t count, size_t blocks,
	sqfs_err *ret_reason);
void instances_free(struct squash *squash);

/*
 * Take the instance for `key`, which no other thread can use until it is given
 * back.  A key always has the same instance, so that nothing is cached twice.
 */
struct instance *instance_take(struct squash *squash,
	struct read_context *context, uint64_t key);
void instance_give(struct instance *instance);

/* After the library has failed: note the damage, set errno to ENOMEM or EIO,
 * and return -1.  Before the instance is given back. */
int instance_failed(void);

/* Read an inode with an instance that has been taken.  -1 with errno. */
int instance_inode(struct instance *instance, uint64_t ref,
	sqfs_inode *ret_inode);

/* Takes the instance of the inode.  NULL with errno. */
struct instance *instance_take_inode(struct squash *squash,
	struct read_context *context, uint64_t ref, sqfs_inode *ret_inode);

/* The operations that squash_ops has from other files: filesystem.h. */
int squashfuse_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st);
int squashfuse_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref);
int squashfuse_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg);
int squashfuse_parent_number(struct filesystem *fs,
	struct read_context *context, uint64_t directory, ino_t *ret_number);
int squashfuse_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory);
int squashfuse_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size);
enum read_result squashfuse_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data);

#endif
