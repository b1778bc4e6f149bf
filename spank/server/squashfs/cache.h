/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_CACHE_H
#define SPANK_SERVER_SQUASHFS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spank/server/squashfs/read_context.h"

/*
 * Blocks of the same greatest size, known by a number, kept in a fixed amount
 * of memory, of which only what has been used is ever touched.  For any number
 * of threads.  A block that several want at once is loaded by one of them, the
 * others wait.  The one used longest ago makes room; blocks in use stay.
 */
struct cache;

struct cache_block {
	const unsigned char *data;
	size_t size;
	uint64_t next; /* for the loader's use */
};

/*
 * Fills in up to the block size at `data`, with the block's size, and maybe
 * its `next`.  0, or -1 with errno, which is what all who wait are told.
 */
typedef int cache_load(void *arg, uint64_t key, unsigned char *data,
	struct cache_block *block);

/* At least `min_blocks` of them, whatever `bytes` says.  -1 with errno. */
int cache_open(size_t bytes, size_t block_size, size_t min_blocks,
	struct cache **ret_cache);

/* NULL-safe.  No block may be in use. */
void cache_close(struct cache *cache);

/*
 * The block `key`, which stays until cache_put(); NULL with errno if it could
 * not be loaded.  May wait for another thread, also until a block is put: a
 * thread that holds one while it gets another must not be one of as many as
 * there are blocks.
 */
const struct cache_block *cache_get(struct cache *cache,
	struct read_context *context, uint64_t key, cache_load *load,
	void *arg);

/* The same without waiting: NULL if it is not there yet; errno is not set. */
const struct cache_block *cache_get_nowait(struct cache *cache, uint64_t key);

/*
 * Load what is not there, on a guess that it will be wanted.
 * cache_should_guess() tells whether that is worth it: seldom, while less than
 * half of what is loaded so comes to be wanted.
 */
void cache_guess(struct cache *cache, uint64_t key, cache_load *load,
	void *arg);
bool cache_should_guess(struct cache *cache);

/* NULL-safe. */
void cache_put(struct cache *cache, const struct cache_block *block);

/* Whether it is there, or being loaded. */
bool cache_has(struct cache *cache, uint64_t key);

size_t cache_blocks(const struct cache *cache);

#endif
