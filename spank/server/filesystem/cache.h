/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_CACHE_H
#define SPANK_SERVER_FILESYSTEM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spank/server/filesystem/read_context.h"

/*
 * A cache of blocks in a fixed amount of memory, which is not touched before it
 * is used.  A block has a number as its key, and is no larger than the block
 * size.  Any number of threads may use the cache.  If several want the same
 * block, one of them loads it and the others wait.  The least recently used
 * block that is not in use makes room.
 */
struct cache;

struct cache_block {
	const unsigned char *data;
	size_t size;
	uint64_t next; /* the loader's own */
};

/*
 * Fill in at most the block size at `data`, block->size, and block->next if it
 * is used.  0, or -1 with errno, which all waiting threads get.
 */
typedef int cache_load(void *arg, uint64_t key, unsigned char *data,
	struct cache_block *block);

/* At least `min_blocks` blocks, whatever `bytes` says.  -1 with errno. */
int cache_open(size_t bytes, size_t block_size, size_t min_blocks,
	struct cache **ret_cache);

/* NULL-safe.  No block may be in use. */
void cache_close(struct cache *cache);

/*
 * The block `key`, which stays until cache_put(); NULL with errno if it cannot
 * be loaded.  May wait for another thread that loads it, or until any block is
 * put.  If as many threads as there are blocks each hold one and get another,
 * they deadlock.
 */
const struct cache_block *cache_get(struct cache *cache,
	struct read_context *context, uint64_t key, cache_load *load,
	void *arg);

/* The same without waiting: NULL if it is not loaded; errno is not set. */
const struct cache_block *cache_get_nowait(struct cache *cache, uint64_t key);

/*
 * Load a block that may be wanted soon, if it is not there.
 * cache_should_guess() tells whether that pays: rarely, as long as fewer than
 * half of these blocks are then used.
 */
void cache_guess(struct cache *cache, uint64_t key, cache_load *load,
	void *arg);
bool cache_should_guess(struct cache *cache);

/* NULL-safe. */
void cache_put(struct cache *cache, const struct cache_block *block);

/* Whether it is loaded, or being loaded. */
bool cache_has(struct cache *cache, uint64_t key);

size_t cache_blocks(const struct cache *cache);

#endif
