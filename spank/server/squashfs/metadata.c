/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metadata: inodes, directories and tables are sequences of bytes, cut into
 * blocks of 8 KiB that are compressed separately.  A block is known by its
 * position; the next one follows it in the image.
 */
#include "spank/server/squashfs/internal.h"

#define HEADER_SIZE 2

/*
 * One block serves dozens of requests, so waking another thread for it can pay.
 */
static int pread_metadata(const struct squash_stream *stream, void *buffer,
	size_t size, uint64_t position)
{
	const struct squash *squash = stream->squash;

	/* The position may be nonsense; squash_pread() checks it. */
	read_context_wait_for_file(stream->context, squash->fs.fd,
		squash->window.offset + position, size);
	return squash_pread(squash, buffer, size, position);
}

static int decompress_metadata(const struct squash_stream *stream,
	struct codec_work *work, uint64_t position, unsigned char *data,
	struct cache_block *block)
{
	unsigned char raw[HEADER_SIZE];
	bool is_stored;
	uint32_t size;
	ssize_t got;

	if (pread_metadata(stream, raw, sizeof(raw), position) < 0)
		return -1;
	size = le16_at(raw) & ~SQUASH_METADATA_STORED;
	is_stored = le16_at(raw) & SQUASH_METADATA_STORED;
	/* With 0 a block would be followed by itself. */
	if (size == 0 || size > SQUASH_METADATA_SIZE)
		return squash_corrupt();
	if (pread_metadata(stream, is_stored ? data : work->input, size,
		    position + HEADER_SIZE) < 0)
		return -1;
	got = size;
	if (!is_stored)
		got = codec_decompress(stream->squash->codec, work, size, data,
			SQUASH_METADATA_SIZE);
	if (got < 0)
		return -1;
	if (got == 0)
		return squash_corrupt();
	block->size = got;
	block->next = position + HEADER_SIZE + size;
	return 0;
}

static int load_metadata(void *arg, uint64_t key, unsigned char *data,
	struct cache_block *block)
{
	const struct squash_stream *stream = arg;
	struct squash *squash = stream->squash;
	struct codec_work *work = codec_take(squash->codec);
	uint64_t position = squash_position_of(key);
	int rc;

	if (!work)
		return -1;
	rc = decompress_metadata(stream, work, position, data, block);
	codec_give(squash->codec, work);
	return rc < 0 ? squash_fail_at(squash, position) : 0;
}

void squash_stream_open(struct squash_stream *stream, struct squash *squash,
	struct read_context *context, struct squash_cursor at)
{
	*stream = (struct squash_stream){
		.squash = squash,
		.context = context,
		.at = at,
	};
}

void squash_stream_close(struct squash_stream *stream)
{
	cache_put(stream->squash->metadata, stream->block);
	stream->block = NULL;
}

/* Hold the block that has the next byte. */
static int hold_block(struct squash_stream *stream)
{
	const struct cache_block *block = stream->block;
	uint64_t key;

	if (block && stream->at.offset == block->size) {
		stream->at.block = block->next;
		stream->at.offset = 0;
		squash_stream_close(stream);
	}
	if (!stream->block) {
		if (squash_cache_key(stream->squash, stream->at.block, &key) <
			0)
			return -1;
		stream->block = cache_get(stream->squash->metadata,
			stream->context, key, load_metadata, stream);
	}
	if (!stream->block)
		return -1;
	/* The offset comes from the image, or is the end of the block. */
	if (stream->at.offset > stream->block->size)
		return squash_corrupt();
	return 0;
}

int squash_stream_read(struct squash_stream *stream, void *buffer, size_t size)
{
	size_t part;

	while (size > 0) {
		if (hold_block(stream) < 0)
			return -1;
		part = stream->block->size - stream->at.offset;
		if (part > size)
			part = size;
		memcpy(buffer, stream->block->data + stream->at.offset, part);
		stream->at.offset += part;
		buffer = (char *)buffer + part;
		size -= part;
	}
	return 0;
}

/* The position of the table's block of that number. */
static int read_pointer(const struct squash *squash,
	const struct squash_table *table, uint64_t number,
	unsigned char pointer[SQUASH_POINTER_SIZE])
{
	uint64_t offset = number * SQUASH_POINTER_SIZE;

	if (!table->index)
		return squash_pread(squash, pointer, SQUASH_POINTER_SIZE,
			table->start + offset);
	memcpy(pointer, table->index + offset, SQUASH_POINTER_SIZE);
	return 0;
}

int squash_table_read(struct squash *squash, struct read_context *context,
	const struct squash_table *table, size_t each, size_t index,
	void *ret_entry)
{
	uint64_t at = (uint64_t)index * each;
	unsigned char pointer[SQUASH_POINTER_SIZE];
	struct squash_stream stream SQUASH_STREAM_CLEANUP = {
		.squash = squash,
		.context = context,
		.at.offset = at % SQUASH_METADATA_SIZE,
	};

	if (read_pointer(squash, table, at / SQUASH_METADATA_SIZE, pointer) < 0)
		return -1;
	stream.at.block = le64_at(pointer);
	return squash_stream_read(&stream, ret_entry, each);
}
