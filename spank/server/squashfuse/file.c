/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents of files, read block by block: each block belongs to one instance,
 * which has it in its cache for all threads.
 */
#include "spank/server/filesystem/checks.h"
#include "spank/server/squashfuse/internal.h"

struct part {
	uint64_t ref;
	uint64_t offset;
	size_t size;
	char *buffer;
};

static uint32_t block_size_of(const struct squash *squash)
{
	return squash->instances[0].fs.sb.block_size;
}

/* Read all of a part, which the file has. */
static int read_part(struct instance *instance, const struct part *part)
{
	sqfs_off_t size = part->size;
	sqfs_inode inode;

	if (instance_inode(instance, part->ref, &inode) < 0)
		return -1;
	if (sqfs_read_range(&instance->fs, &inode, part->offset, &size,
		    part->buffer) != SQFS_OK ||
		size != (sqfs_off_t)part->size)
		return instance_failed();
	return 0;
}

static int read_parts(struct squash *squash, struct read_context *context,
	struct part all)
{
	uint32_t block_size = block_size_of(squash);
	struct instance *instance;
	struct part part = all;
	int rc = 0;

	while (rc == 0 && all.size > 0) {
		part.size = block_size - all.offset % block_size;
		if (part.size > all.size)
			part.size = all.size;
		part.offset = all.offset;
		part.buffer = all.buffer;
		instance = instance_take(squash, context,
			(all.ref >> 16) + all.offset / block_size);
		rc = read_part(instance, &part);
		instance_give(instance);
		all.offset += part.size;
		all.buffer += part.size;
		all.size -= part.size;
	}
	return rc;
}

/* How much of `size` bytes at `offset` the file has. */
static int find_size(struct squash *squash, struct read_context *context,
	uint64_t ref, uint64_t offset, size_t size, size_t *ret_size)
{
	struct stat st;

	if (squashfuse_stat(&squash->fs, context, ref, &st) < 0)
		return -1;
	return fs_check_read(st.st_mode, st.st_size, offset, size, ret_size);
}

enum read_result squashfuse_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data)
{
	struct squash *squash = squash_of(fs);
	*ret_data = (struct fs_data){ .bytes = buffer };
	if (find_size(squash, context, ref, offset, size, &ret_data->size) < 0)
		return READ_ERROR;
	if (ret_data->size > 0 && context && context->blocking == READ_NOWAIT)
		return READ_WOULD_BLOCK;
	return read_parts(squash, context,
		       (struct part){ ref, offset, ret_data->size, buffer }) < 0
		       ? READ_ERROR
		       : READ_DATA;
}
