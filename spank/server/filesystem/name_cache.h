/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_NAME_CACHE_H
#define SPANK_SERVER_FILESYSTEM_NAME_CACHE_H

#include <stdint.h>

#include "spank/server/filesystem/names.h"

/*
 * The names in the directories that were listed last.  A large directory is
 * listed in many requests, which all need them.  Any number of threads may use
 * it.
 */
struct name_cache;

/* NULL with errno. */
struct name_cache *name_cache_open(void);

/* NULL-safe.  No names may be in use. */
void name_cache_close(struct name_cache *cache);

/*
 * The names of that directory, to be put back; or NULL.
 */
const struct names *name_cache_get(struct name_cache *cache,
	uint64_t directory);

/*
 * Add what a thread has found out, given away, and get it as above.  If another
 * thread was faster, its names are as good.
 */
const struct names *name_cache_add(struct name_cache *cache, uint64_t directory,
	struct names *names);

/* NULL-safe. */
void name_cache_put(struct name_cache *cache, const struct names *names);

#endif
