/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of a few entries, the most recently used one first.  The least
 * recently used entry is dropped unless it is in use.  If all are in use, the
 * list grows for a while.
 */
#include <pthread.h>
#include <stdlib.h>

#include "spank/server/filesystem/name_cache.h"

/* Limits of what is kept.  The newest entry is kept in any case. */
#define ENTRIES_MAX 16
#define BYTES_MAX   (8UL * 1024 * 1024)

struct entry {
	struct entry *next; /* used less recently */
	uint64_t directory;
	struct names *names;
	size_t users;
};

struct name_cache {
	pthread_mutex_t lock;
	struct entry *newest;
};

struct name_cache *name_cache_open(void)
{
	struct name_cache *cache = calloc(1, sizeof(*cache));

	if (cache)
		pthread_mutex_init(&cache->lock, NULL);
	return cache;
}

static void free_entry(struct entry *entry)
{
	names_close(entry->names);
	free(entry);
}

void name_cache_close(struct name_cache *cache)
{
	struct entry *entry;

	if (!cache)
		return;
	while ((entry = cache->newest)) {
		cache->newest = entry->next;
		free_entry(entry);
	}
	free(cache);
}

static void add_newest(struct name_cache *cache, struct entry *entry)
{
	entry->next = cache->newest;
	cache->newest = entry;
}

/* Take it out of the list. */
static struct entry *take(struct name_cache *cache, uint64_t directory)
{
	struct entry **at = &cache->newest, *entry;

	while (*at && (*at)->directory != directory)
		at = &(*at)->next;
	entry = *at;
	if (entry)
		*at = entry->next;
	return entry;
}

/* The newest stays. */
static void make_room(struct name_cache *cache)
{
	struct entry **at = &cache->newest, *entry;
	size_t count = 0, bytes = 0;

	while ((entry = *at)) {
		count++;
		bytes += names_size(entry->names);
		if (count == 1 || entry->users > 0 ||
			(count <= ENTRIES_MAX && bytes <= BYTES_MAX)) {
			at = &entry->next;
		} else {
			*at = entry->next;
			free_entry(entry);
		}
	}
}

/* The caller holds the lock. */
static struct entry *get(struct name_cache *cache, uint64_t directory)
{
	struct entry *entry = take(cache, directory);

	if (entry) {
		add_newest(cache, entry);
		entry->users++;
	}
	return entry;
}

const struct names *name_cache_get(struct name_cache *cache, uint64_t directory)
{
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = get(cache, directory);
	pthread_mutex_unlock(&cache->lock);
	return entry ? entry->names : NULL;
}

const struct names *name_cache_add(struct name_cache *cache, uint64_t directory,
	struct names *names)
{
	struct entry *added = malloc(sizeof(*added)), *entry;

	if (!added) {
		names_close(names);
		return NULL;
	}
	*added = (struct entry){ .directory = directory, .names = names };
	pthread_mutex_lock(&cache->lock);
	entry = get(cache, directory);
	if (!entry) {
		add_newest(cache, added);
		added->users = 1;
		make_room(cache);
	}
	pthread_mutex_unlock(&cache->lock);
	if (!entry)
		return names;
	free_entry(added);
	return entry->names;
}

void name_cache_put(struct name_cache *cache, const struct names *names)
{
	struct entry *entry;

	if (!names)
		return;
	pthread_mutex_lock(&cache->lock);
	for (entry = cache->newest; entry->names != names; entry = entry->next)
		;
	entry->users--;
	make_room(cache);
	pthread_mutex_unlock(&cache->lock);
}
