/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mark of an opaque directory, read without the library's functions for
 * extended attributes: see library.h.
 */
#include <endian.h>

#include "spank/server/squashfs/format.h"
#include "spank/server/squashfs/xattr.h"
#include "spank/server/squashfuse/internal.h"

/* A position in the attributes. */
struct position {
	struct instance *instance;
	sqfs_md_cursor cursor;
};

static int read_position(void *arg, void *buffer, size_t size)
{
	struct position *position = arg;

	if (size == 0 || sqfs_md_read(&position->instance->fs,
				 &position->cursor, buffer, size) == SQFS_OK)
		return 0;
	return instance_failed();
}

static int jump(void *arg, uint64_t ref)
{
	struct position *position = arg;

	/* The library adds to the offset without checking it. */
	if (ref >> SQUASH_REFERENCE_BITS ||
		(ref & 0xffff) >= SQUASH_METADATA_SIZE)
		return instance_failed();
	sqfs_md_cursor_inode(&position->cursor, ref,
		position->instance->fs.xattr_info.xattr_table_start);
	return 0;
}

static int find(struct instance *instance, const sqfs_inode *inode)
{
	struct position position = { .instance = instance };
	const struct xattr_source source = { read_position, jump, &position };
	struct squashfs_xattr_id id;
	sqfs *fs = &instance->fs;

	if (!S_ISDIR(inode->base.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	if (inode->xattr == SQUASH_NO_XATTRS ||
		fs->sb.xattr_id_table_start == SQUASH_NO_TABLE)
		return 0;
	if (inode->xattr >= fs->xattr_info.xattr_ids ||
		sqfs_table_get(&fs->xattr_table, fs, inode->xattr, &id) !=
			SQFS_OK)
		return instance_failed();
	if (jump(&position, le64toh(id.xattr)) < 0)
		return -1;
	return xattr_find_opaque(&source, le32toh(id.count));
}

int squashfuse_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory)
{
	sqfs_inode inode;
	struct instance *instance =
		instance_take_inode(squash_of(fs), context, directory, &inode);
	int found;

	if (!instance)
		return -1;
	found = find(instance, &inode);
	instance_give(instance);
	return found;
}
