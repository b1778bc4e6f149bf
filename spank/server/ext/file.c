/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents of regular files.  They are stored as they are, so the kernel's page
 * cache has them, and this reader keeps no copy.  A read of contiguous blocks
 * returns their position in the image, from where the kernel splices them.
 * Other reads are assembled in the caller's buffer.  A small file can lie in
 * its inode.
 */
#include "spank/server/ext/internal.h"
#include "spank/server/filesystem/checks.h"

/* A read, cut off at the end of the file. */
struct reading {
	struct ext *ext;
	struct read_context *context;
	const struct ext_inode *inode;
	uint64_t offset;
	size_t size;
	unsigned char *buffer;
};

/* --- in the inode --------------------------------------------------------- */

/* The part of the read that lies in `bytes`, which begin at `start`. */
static void copy_part(const struct reading *reading, uint64_t start,
	const unsigned char *bytes, size_t size)
{
	uint64_t from = reading->offset > start ? reading->offset : start;
	uint64_t to = reading->offset + reading->size;

	if (to > start + size)
		to = start + size;
	if (from < to)
		memcpy(reading->buffer + (from - reading->offset),
			bytes + (from - start), to - from);
}

/*
 * What lies behind the attribute is zero, as in the kernel: mke2fs 1.47 makes a
 * large file without data like that.
 */
static int read_inline(const struct reading *reading)
{
	struct ext_value rest;

	memset(reading->buffer, 0, reading->size);
	copy_part(reading, 0, reading->inode->block, EXT_INODE_BLOCK_SIZE);
	if (reading->offset + reading->size <= EXT_INODE_BLOCK_SIZE)
		return 0;
	if (ext_inline_value(reading->ext, reading->context, reading->inode,
		    &rest) < 0)
		return -1;
	copy_part(reading, EXT_INODE_BLOCK_SIZE, rest.bytes, rest.size);
	ext_metadata_put(reading->ext, rest.held);
	return 0;
}

/* --- in blocks ------------------------------------------------------------ */

/* The run that begins with the byte `done` of the read. */
static int map_rest(const struct reading *reading, size_t done,
	struct ext_run *ret_run)
{
	uint32_t block_size = reading->ext->super.block_size;
	uint64_t first = (reading->offset + done) / block_size;
	uint64_t last = (reading->offset + reading->size - 1) / block_size;

	return ext_map(reading->ext, reading->context, reading->inode, first,
		last - first + 1, ret_run);
}

/* How many bytes of the rest a run has, and where they begin in it. */
static size_t part_of(const struct reading *reading, size_t done,
	const struct ext_run *run, uint64_t *ret_within)
{
	uint32_t block_size = reading->ext->super.block_size;
	uint64_t within = (reading->offset + done) % block_size;
	uint64_t part = run->count * block_size - within;

	*ret_within = within;
	return part < reading->size - done ? part : reading->size - done;
}

static int read_blocks(const struct reading *reading)
{
	struct ext *ext = reading->ext;
	struct ext_run run;
	uint64_t within;
	size_t done, part;

	for (done = 0; done < reading->size; done += part) {
		if (map_rest(reading, done, &run) < 0)
			return -1;
		part = part_of(reading, done, &run, &within);
		if (!run.physical)
			memset(reading->buffer + done, 0, part);
		else if (ext_pread(ext, reading->buffer + done, part,
				 run.physical * ext->super.block_size +
					 within) < 0)
			return -1;
	}
	return 0;
}

/*
 * What can be done without reading data: zeros, or the position of the bytes if
 * they are contiguous.
 */
static enum read_result read_nowait(const struct reading *reading,
	off_t *ret_offset)
{
	struct ext *ext = reading->ext;
	uint32_t block_size = ext->super.block_size;
	struct ext_run first = { 0, 0 }, run;
	uint64_t expected = 0, within;
	size_t done = 0;

	while (done < reading->size) {
		if (map_rest(reading, done, &run) < 0)
			return READ_ERROR;
		if (done == 0)
			first = run;
		else if (run.physical != expected)
			return READ_WOULD_BLOCK;
		expected = run.physical ? run.physical + run.count : 0;
		done += part_of(reading, done, &run, &within);
	}
	if (!first.physical) {
		memset(reading->buffer, 0, reading->size);
		return READ_DATA;
	}
	*ret_offset = ext->window.offset + first.physical * block_size +
		      reading->offset % block_size;
	return READ_STORED;
}

/* --- all ------------------------------------------------------------------ */

int ext_read_bytes(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t offset, size_t size,
	unsigned char *buffer)
{
	const struct reading reading = { ext, context, inode, offset, size,
		buffer };

	return inode->flags & EXT_FLAG_INLINE_DATA ? read_inline(&reading)
						   : read_blocks(&reading);
}

static enum read_result read_range(const struct reading *reading,
	off_t *ret_offset)
{
	bool nowait =
		reading->context && reading->context->blocking == READ_NOWAIT;

	if (nowait && !(reading->inode->flags & EXT_FLAG_INLINE_DATA))
		return read_nowait(reading, ret_offset);
	return ext_read_bytes(reading->ext, reading->context, reading->inode,
		       reading->offset, reading->size, reading->buffer) < 0
		       ? READ_ERROR
		       : READ_DATA;
}

enum read_result ext_read(struct filesystem *fs, struct read_context *context,
	uint64_t ref, uint64_t offset, size_t size, void *buffer,
	struct fs_data *ret_data)
{
	enum read_result result = READ_DATA;
	struct ext_inode inode;
	struct reading reading = {
		.ext = ext_of(fs),
		.context = context,
		.inode = &inode,
		.offset = offset,
		.buffer = buffer,
	};

	*ret_data = (struct fs_data){ .bytes = buffer };
	if (ext_inode_get(reading.ext, context, ref, &inode) < 0 ||
		fs_check_read(inode.mode, inode.size, offset, size,
			&reading.size) < 0)
		return READ_ERROR;
	ret_data->size = reading.size;
	if (reading.size > 0)
		result = read_range(&reading, &ret_data->stored_offset);
	if (result == READ_ERROR)
		ext_fail_at(reading.ext, inode.at_block);
	return result;
}
