/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories: lookup, list.  Entries are read a batch at a time, and visited
 * when the instance has been given back: a visitor may want to stat them.
 */
#include <string.h>

#include "spank/server/squashfuse/internal.h"

#define BATCH 32

struct batch {
	struct fs_entry entries[BATCH];
	size_t count;
	bool is_last;
};

static bool name_is_sane(const char *name, size_t size)
{
	return size <= NAME_MAX && !memchr(name, '/', size) &&
	       !memchr(name, '\0', size) && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int check_directory(const sqfs_inode *inode)
{
	if (S_ISDIR(inode->base.mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

static int find(struct instance *instance, sqfs_inode *inode, const char *name,
	uint64_t *ret_ref)
{
	sqfs_dir_entry entry;
	bool is_there;

	if (check_directory(inode) < 0)
		return -1;
	sqfs_dentry_init(&entry, instance->name);
	if (sqfs_dir_lookup(&instance->fs, inode, name, strlen(name), &entry,
		    &is_there) != SQFS_OK)
		return instance_failed();
	if (!is_there) {
		errno = ENOENT;
		return -1;
	}
	*ret_ref = sqfs_dentry_inode(&entry);
	return 0;
}

int squashfuse_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref)
{
	struct squash *squash = squash_of(fs);
	sqfs_inode inode;
	struct instance *instance =
		instance_take_inode(squash, context, directory, &inode);
	int rc;

	if (!instance)
		return -1;
	rc = find(instance, &inode, name, ret_ref);
	instance_give(instance);
	return rc;
}

static int read_entry(sqfs_dir_entry *found, struct fs_entry *entry)
{
	size_t size = sqfs_dentry_name_size(found);
	const char *name = sqfs_dentry_name(found); /* which ends it */

	if (!name_is_sane(name, size))
		return instance_failed();
	memcpy(entry->name, name, size + 1);
	entry->ref = sqfs_dentry_inode(found);
	entry->number = sqfs_dentry_inode_num(found);
	entry->type = sqfs_dentry_mode(found);
	entry->next = sqfs_dentry_next_offset(found);
	return 0;
}

/* Fills as much of the batch as possible, even on failure. */
static int read_batch(struct instance *instance, sqfs_dir *dir,
	struct batch *batch)
{
	sqfs_dir_entry found;
	sqfs_err failed = SQFS_OK;

	batch->count = 0;
	batch->is_last = false;
	while (batch->count < BATCH) {
		sqfs_dentry_init(&found, instance->name);
		if (!sqfs_dir_next(&instance->fs, dir, &found, &failed)) {
			batch->is_last = true;
			return failed == SQFS_OK ? 0 : instance_failed();
		}
		if (read_entry(&found, &batch->entries[batch->count]) < 0)
			return -1;
		batch->count++;
	}
	return 0;
}

static int open_directory(struct squash *squash, struct read_context *context,
	uint64_t directory, uint64_t cookie, sqfs_dir *ret_dir)
{
	sqfs_inode inode;
	struct instance *instance =
		instance_take_inode(squash, context, directory, &inode);
	int rc;

	if (!instance)
		return -1;
	rc = check_directory(&inode);
	if (rc == 0 && sqfs_dir_open(&instance->fs, &inode, ret_dir, cookie) !=
			       SQFS_OK)
		rc = instance_failed();
	instance_give(instance);
	return rc;
}

int squashfuse_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg)
{
	struct squash *squash = squash_of(fs);
	struct instance *instance;
	struct batch batch;
	sqfs_dir dir;
	size_t i;
	int rc, error;

	if (open_directory(squash, context, directory, cookie, &dir) < 0)
		return -1;
	do {
		instance = instance_take(squash, context, directory >> 16);
		rc = read_batch(instance, &dir, &batch);
		error = errno;
		instance_give(instance);
		for (i = 0; i < batch.count; i++)
			if (!visit(&batch.entries[i], arg))
				return 0;
		errno = error;
	} while (rc == 0 && !batch.is_last);
	return rc;
}

int squashfuse_parent_number(struct filesystem *fs,
	struct read_context *context, uint64_t directory, ino_t *ret_number)
{
	struct squash *squash = squash_of(fs);
	sqfs_inode inode;
	struct instance *instance =
		instance_take_inode(squash, context, directory, &inode);

	if (!instance)
		return -1;
	instance_give(instance);
	if (check_directory(&inode) < 0)
		return -1;
	*ret_number = directory == fs->root ? inode.base.inode_number
					    : inode.xtra.dir.parent_inode;
	return 0;
}
