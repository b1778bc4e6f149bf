/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_NAME_CACHE_H
#define SPANK_SERVER_FILESYSTEM_NAME_CACHE_H

#include <stdint.h>

#include "spank/server/filesystem/names.h"

/*
 * The names in the directories that were listed recently.  It takes many
 * requests to list a large directory, and each of them needs its names.  Any
 * number of threads may use the cache.
 */
struct name_cache;

/* NULL with errno. */
struct name_cache *name_cache_open(void);

/* NULL-safe.  No names may be in use. */
void name_cache_close(struct name_cache *cache);

/*
 * The names in `directory`, or NULL if it is not cached.  The caller puts them
 * back.
 */
const struct names *name_cache_get(struct name_cache *cache,
	uint64_t directory);

/*
 * Add `names`, which are given away, and return them as name_cache_get() does.
 * If another thread has added the same directory meanwhile, return its names.
 * NULL with errno.
 */
const struct names *name_cache_add(struct name_cache *cache, uint64_t directory,
	struct names *names);

/* NULL-safe. */
void name_cache_put(struct name_cache *cache, const struct names *names);

#endif
