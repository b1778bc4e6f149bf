/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data blocks, of files and of fragments, decompressed into the cache.  Stored
 * blocks are not cached: file.c.
 */
#include "spank/server/squashfs/internal.h"

struct data_request {
	struct squash *squash;
	uint32_t header;
};

static int decompress_data(const struct data_request *request,
	struct codec_work *work, uint64_t position, unsigned char *data,
	struct cache_block *block)
{
	struct squash *squash = request->squash;
	uint32_t size = request->header & SQUASH_DATA_SIZE_MASK;
	ssize_t got;

	if (squash_pread(squash, work->input, size, position) < 0)
		return -1;
	got = codec_decompress(squash->codec, work, size, data,
		squash->super.block_size);
	if (got < 0)
		return -1;
	block->size = got;
	block->next = request->header;
	return 0;
}

static int load_data(void *arg, uint64_t key, unsigned char *data,
	struct cache_block *block)
{
	const struct data_request *request = arg;
	struct squash *squash = request->squash;
	uint32_t size = request->header & SQUASH_DATA_SIZE_MASK;
	uint64_t position = squash_position_of(key);
	struct codec_work *work;
	int rc;

	/* Undefined bits, or more than the input buffer holds. */
	if (request->header & ~SQUASH_DATA_SIZE_MASK || size == 0 ||
		size > squash->super.block_size)
		return squash_corrupt();
	work = codec_take(squash->codec);
	if (!work)
		return -1;
	rc = decompress_data(request, work, position, data, block);
	codec_give(squash->codec, work);
	return rc < 0 ? squash_fail_at(squash, position) : 0;
}

enum read_result squash_block_get(struct squash *squash,
	struct read_context *context, const struct squash_extent *extent,
	const struct cache_block **ret_block)
{
	struct data_request request = { squash, extent->header };
	bool nowait = context && context->blocking == READ_NOWAIT;
	const struct cache_block *block;
	uint64_t key;

	if (squash_cache_key(squash, extent->position, &key) < 0)
		return READ_ERROR;
	block = nowait ? cache_get_nowait(squash->data, key)
		       : cache_get(squash->data, context, key, load_data,
				 &request);
	if (!block)
		return nowait ? READ_WOULD_BLOCK : READ_ERROR;
	/* Files that share a block agree on its size. */
	if (block->next != extent->header) {
		cache_put(squash->data, block);
		errno = EIO;
		return READ_ERROR;
	}
	*ret_block = block;
	return READ_DATA;
}

bool squash_wants_readahead(struct filesystem *fs, const struct fs_hint *hint)
{
	struct squash *squash = squash_of(fs);
	uint64_t key;

	return squash_cache_key(squash, hint->position, &key) == 0 &&
	       !cache_has(squash->data, key) &&
	       (!hint->is_guess || cache_should_guess(squash->data));
}

void squash_readahead(struct filesystem *fs, const struct fs_hint *hint)
{
	struct squash *squash = squash_of(fs);
	struct data_request request = { squash, hint->header };
	uint64_t key;

	if (squash_cache_key(squash, hint->position, &key) < 0)
		return;
	if (hint->is_guess)
		cache_guess(squash->data, key, load_data, &request);
	else
		cache_put(squash->data, cache_get(squash->data, NULL, key,
						load_data, &request));
}
