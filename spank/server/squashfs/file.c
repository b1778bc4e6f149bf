/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents of regular files.  A file is a list of blocks, often with a tail in
 * a fragment: a block shared with other files.
 *
 * A read within one compressed block gets the block in the cache, without a
 * copy.  Of a stored block only the bytes that are asked for are read, into the
 * caller's buffer: the block is in the kernel's page cache already.  A read
 * across several blocks is assembled in the buffer.
 */
#include "spank/server/filesystem/checks.h"
#include "spank/server/squashfs/internal.h"

/* Readahead for sequential reads. */
#define AHEAD_BYTES (2 * 1024 * 1024)

#define EXTENTS (FS_READ_MAX / SQUASH_BLOCK_MIN + 2 + FS_HINTS_MAX)

/* A read, cut off at the end of the file. */
struct reading {
	struct squash *squash;
	const struct squash_inode *inode;
	uint64_t blocks; /* of the file, without its fragment */
	uint64_t offset;
	size_t size;
	uint64_t first; /* block of the read */
	struct read_context *context;
	bool nowait;
	struct squash_extent *extents; /* EXTENTS, from `first` on */
	unsigned char *buffer;
	struct fs_data *data;
};

static enum read_result read_corrupt(void)
{
	squash_corrupt();
	return READ_ERROR;
}

/* Add those of the blocks behind the read that are compressed. */
static void add_readahead(struct fs_data *data,
	const struct squash_extent *extents, size_t count, bool is_guess)
{
	const struct squash_extent *extent = extents;

	for (; count > 0 && data->hints_count < FS_HINTS_MAX; count--, extent++)
		if (extent->header && !(extent->header & SQUASH_DATA_STORED))
			data->hints[data->hints_count++] = (struct fs_hint){
				.position = extent->position,
				.header = extent->header,
				.is_guess = is_guess,
			};
}

/*
 * Read `size` bytes at `offset` of a block into `to`. If `to` is NULL, the
 * caller gets them in the cache, and holds the block.
 */
static enum read_result read_compressed(struct reading *reading,
	const struct squash_extent *extent, uint64_t offset, size_t size,
	unsigned char *to)
{
	struct squash *squash = reading->squash;
	struct fs_data *data = reading->data;
	const struct cache_block *block;
	enum read_result result =
		squash_block_get(squash, reading->context, extent, &block);

	if (result != READ_DATA)
		return result;
	if (offset > block->size || size > block->size - offset) {
		cache_put(squash->data, block);
		return read_corrupt();
	}
	if (to) {
		memcpy(to, block->data + offset, size);
		cache_put(squash->data, block);
	} else {
		data->bytes = block->data + offset;
		data->held = block;
	}
	return READ_DATA;
}

/*
 * The same for any block.  If the read `is_single`, the bytes may stay in the
 * cache; otherwise they go into `buffer`.
 */
static enum read_result read_extent(struct reading *reading,
	const struct squash_extent *extent, uint64_t offset, size_t size,
	unsigned char *buffer, bool is_single)
{
	uint32_t stored = extent->header & SQUASH_DATA_SIZE_MASK;

	if (extent->header == 0) {
		memset(buffer, 0, size);
		return READ_DATA;
	}
	if (extent->position < SQUASH_SUPER_SIZE)
		return read_corrupt();
	if (!(extent->header & SQUASH_DATA_STORED))
		return read_compressed(reading, extent, offset, size,
			is_single ? NULL : buffer);
	if (extent->header & ~(SQUASH_DATA_STORED | SQUASH_DATA_SIZE_MASK) ||
		offset > stored || size > stored - offset)
		return read_corrupt();
	if (reading->nowait)
		return READ_WOULD_BLOCK;
	return squash_pread(reading->squash, buffer, size,
		       extent->position + offset) < 0
		       ? READ_ERROR
		       : READ_DATA;
}

/*
 * Where the bytes of the read lie in the image's file, uncompressed and
 * contiguous; 0 if they do not.
 */
static off_t find_stored(const struct reading *reading)
{
	const struct squash *squash = reading->squash;
	uint32_t block_size = squash->super.block_size, stored;
	uint64_t within = reading->offset % block_size;
	/* From the start of the first block on. */
	uint64_t left = within + reading->size, start, end;
	const struct squash_extent *extent = reading->extents;

	if (reading->first + (left - 1) / block_size >= reading->blocks)
		return 0; /* the end is in a fragment */
	start = end = extent->position;
	for (;; extent++) {
		stored = extent->header & SQUASH_DATA_SIZE_MASK;
		if (extent->header != (SQUASH_DATA_STORED | stored) ||
			extent->position != end ||
			stored < (left < block_size ? left : block_size))
			return 0;
		if (left <= block_size)
			break;
		left -= block_size;
		end += block_size;
	}
	if (start < SQUASH_SUPER_SIZE || start > squash->window.size ||
		end + left > squash->window.size)
		return 0;
	return squash->window.offset + start + within;
}

static int get_fragment(struct squash *squash, struct read_context *context,
	uint32_t index, struct squash_extent *ret_extent)
{
	unsigned char raw[SQUASH_FRAGMENT_SIZE];

	if (index >= squash->super.fragments)
		return squash_corrupt();
	if (squash_table_read(squash, context, &squash->fragments, sizeof(raw),
		    index, raw) < 0)
		return -1;
	ret_extent->position = le64_at(raw);
	ret_extent->header = le32_at(raw + 8);
	return ret_extent->header ? 0 : squash_corrupt();
}

static enum read_result read_fragment(struct reading *reading, uint64_t offset,
	size_t size, unsigned char *buffer, bool is_single)
{
	const struct squash_inode *inode = reading->inode;
	struct squash_extent extent, next;

	if (get_fragment(reading->squash, reading->context, inode->fragment,
		    &extent) < 0)
		return READ_ERROR;
	if (reading->nowait &&
		inode->fragment + 1 < reading->squash->super.fragments &&
		get_fragment(reading->squash, reading->context,
			inode->fragment + 1, &next) == 0)
		add_readahead(reading->data, &next, 1, true);
	return read_extent(reading, &extent, inode->fragment_offset + offset,
		size, buffer, is_single);
}

static enum read_result read_parts(struct reading *reading)
{
	uint32_t block_size = reading->squash->super.block_size;
	uint64_t offset = reading->offset, index, within;
	size_t done, part;
	enum read_result result = READ_DATA;
	bool is_single;

	for (done = 0; result == READ_DATA && done < reading->size;
		done += part) {
		index = (offset + done) / block_size;
		within = (offset + done) % block_size;
		part = block_size - within;
		if (part > reading->size - done)
			part = reading->size - done;
		is_single = part == reading->size;
		result = index < reading->blocks
				 ? read_extent(reading,
					   &reading->extents[index -
							     reading->first],
					   within, part, reading->buffer + done,
					   is_single)
				 : read_fragment(reading, within, part,
					   reading->buffer + done, is_single);
	}
	return result;
}

/* Find the blocks of the read, and those to read ahead. */
static int find_extents(struct reading *reading, uint64_t ref)
{
	uint32_t block_size = reading->squash->super.block_size;
	uint64_t last = (reading->offset + reading->size - 1) / block_size;
	size_t count, ahead = AHEAD_BYTES / block_size;

	if (reading->first >= reading->blocks)
		return 0;
	if (last >= reading->blocks)
		last = reading->blocks - 1;
	count = last - reading->first + 1;
	if (ahead > FS_HINTS_MAX)
		ahead = FS_HINTS_MAX;
	if (!reading->nowait)
		ahead = 0;
	if (ahead > reading->blocks - last - 1)
		ahead = reading->blocks - last - 1;
	if (squash_blockmap_find(reading->squash, reading->context, ref,
		    reading->inode, reading->first, count, &ahead,
		    reading->extents) < 0)
		return -1;
	add_readahead(reading->data, reading->extents + count, ahead,
		ahead == 1);
	return 0;
}

static enum read_result read_range(struct reading *reading, uint64_t ref)
{
	const struct squash_inode *inode = reading->inode;
	uint32_t block_size = reading->squash->super.block_size;
	struct squash_extent extents[EXTENTS]; /* 4 KiB: not worth clearing */

	reading->extents = extents;
	reading->blocks = inode->size / block_size;
	if (inode->fragment == SQUASH_NO_FRAGMENT && inode->size % block_size)
		reading->blocks++; /* the tail has a block of its own */
	reading->first = reading->offset / block_size;
	if (find_extents(reading, ref) < 0)
		return READ_ERROR;
	if (reading->nowait)
		reading->data->stored_offset = find_stored(reading);
	return reading->data->stored_offset ? READ_STORED : read_parts(reading);
}

enum read_result squash_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data)
{
	struct squash *squash = squash_of(fs);
	enum read_result result = READ_DATA;
	struct squash_inode inode;
	struct reading reading = {
		.squash = squash,
		.inode = &inode,
		.offset = offset,
		.context = context,
		.nowait = context && context->blocking == READ_NOWAIT,
		.buffer = buffer,
		.data = ret_data,
	};

	*ret_data = (struct fs_data){ .bytes = buffer };
	if (squash_inode_get(squash, context, ref, &inode) < 0 ||
		fs_check_read(inode.mode, inode.size, offset, size,
			&reading.size) < 0)
		return READ_ERROR;
	ret_data->size = reading.size;
	if (reading.size > 0)
		result = read_range(&reading, ref);
	if (result == READ_ERROR)
		squash_fail_at(squash, inode.start);
	return result;
}

void squash_release(struct filesystem *fs, struct fs_data *data)
{
	struct squash *squash = squash_of(fs);
	int saved = errno;

	cache_put(squash->data, data->held);
	data->held = NULL;
	errno = saved;
}
