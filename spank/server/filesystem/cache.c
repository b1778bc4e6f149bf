/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One lock protects the tables; blocks are loaded without it.  A slot is
 *
 *   EMPTY    in the list, at the end that is reused first
 *   LOADING  in the hash table; its users load it or wait for it
 *   READY    in the hash table; also in the list if it has no users
 *   FAILED   nowhere; its last user makes it EMPTY
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/filesystem/cache.h"

/*
 * The score is limited, so that it follows a program that changes its ways.  At
 * zero one guess in TRY_EVERY is still made, to notice if guesses pay again.
 */
#define HIT_SCORE_MAX 16
#define TRY_EVERY     16
/*
 * The kernel clears a whole huge page when its first byte is touched: for a
 * cache no larger than one page that would cost time and gain nothing.
 */
#define HUGE_PAGE_MAX (2UL * 1024 * 1024)

enum slot_state { EMPTY, LOADING, READY, FAILED };

struct slot {
	struct cache_block block; /* first: cache_put() casts from it */
	uint64_t key;
	enum slot_state state;
	int failure; /* errno */
	size_t users;
	bool is_guess; /* loaded by a guess, not used yet */
	pthread_cond_t loaded;
	struct slot *hash_next;
	struct slot *older, *newer; /* in the list, if users == 0 */
};

struct cache {
	pthread_mutex_t lock;
	pthread_cond_t released; /* a slot came into the list */
	size_t block_size;
	size_t count;
	unsigned char *memory; /* count blocks */
	struct slot *slots;
	struct slot **table;
	size_t table_mask;
	struct slot *oldest, *newest;
	int hit_score; /* -1 for each guess, +2 if it was right */
	unsigned int guesses_skipped;
};

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static struct slot **bucket(struct cache *cache, uint64_t key)
{
	/* Fibonacci hashing: keys are positions, whose low bits are regular. */
	return &cache->table[(key * 0x9e3779b97f4a7c15ULL >> 32) &
			     cache->table_mask];
}

static struct slot *find_slot(struct cache *cache, uint64_t key)
{
	struct slot *slot = *bucket(cache, key);

	while (slot && slot->key != key)
		slot = slot->hash_next;
	return slot;
}

static void unhash_slot(struct cache *cache, struct slot *slot)
{
	struct slot **at = bucket(cache, slot->key);

	while (*at != slot)
		at = &(*at)->hash_next;
	*at = slot->hash_next;
}

static void list_remove(struct cache *cache, struct slot *slot)
{
	*(slot->older ? &slot->older->newer : &cache->oldest) = slot->newer;
	*(slot->newer ? &slot->newer->older : &cache->newest) = slot->older;
}

static void list_add_newest(struct cache *cache, struct slot *slot)
{
	slot->newer = NULL;
	slot->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = slot;
	cache->newest = slot;
}

static void list_add_oldest(struct cache *cache, struct slot *slot)
{
	slot->older = NULL;
	slot->newer = cache->oldest;
	*(cache->oldest ? &cache->oldest->older : &cache->newest) = slot;
	cache->oldest = slot;
}

static unsigned char *memory_of(struct cache *cache, struct slot *slot)
{
	return cache->memory + (slot - cache->slots) * cache->block_size;
}

/* What one page table maps, whose entries have 8 bytes. */
static size_t huge_page_size(void)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return page / 8 * page;
}

/*
 * With pages of 16 KiB a huge page is 32 MiB, with 64 KiB it is 512 MiB: the
 * first block would fill the cache, or more, with memory that is charged to the
 * job.  Such pages are declined, because a node may use them unasked.
 */
static void advise_huge_pages(void *memory, size_t size)
{
	if (huge_page_size() > HUGE_PAGE_MAX)
		madvise(memory, size, MADV_NOHUGEPAGE);
	else if (size > HUGE_PAGE_MAX)
		madvise(memory, size, MADV_HUGEPAGE);
}

static int allocate_slots(struct cache *cache)
{
	size_t buckets = 16, i;

	while (buckets < cache->count * 2)
		buckets *= 2;
	cache->table_mask = buckets - 1;
	cache->table = calloc(buckets, sizeof(*cache->table));
	cache->slots = calloc(cache->count, sizeof(*cache->slots));
	cache->memory = mmap(NULL, cache->count * cache->block_size,
		PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (cache->memory == MAP_FAILED)
		cache->memory = NULL;
	else
		advise_huge_pages(cache->memory,
			cache->count * cache->block_size);
	if (!cache->table || !cache->slots || !cache->memory)
		return -1;
	for (i = cache->count; i-- > 0;) {
		pthread_cond_init(&cache->slots[i].loaded, NULL);
		cache->slots[i].block.data = memory_of(cache, &cache->slots[i]);
		list_add_oldest(cache, &cache->slots[i]);
	}
	return 0;
}

int cache_open(size_t bytes, size_t block_size, size_t min_blocks,
	struct cache **ret_cache)
{
	struct cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -1;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->released, NULL);
	cache->block_size = block_size;
	cache->hit_score = HIT_SCORE_MAX;
	cache->count = bytes / block_size;
	if (cache->count < min_blocks)
		cache->count = min_blocks;
	if (allocate_slots(cache) < 0) {
		cache_close(cache);
		errno = ENOMEM;
		return -1;
	}
	*ret_cache = cache;
	return 0;
}

void cache_close(struct cache *cache)
{
	if (!cache)
		return;
	if (cache->memory)
		munmap(cache->memory, cache->count * cache->block_size);
	free(cache->slots);
	free(cache->table);
	pthread_cond_destroy(&cache->released);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* Called with the lock, like all functions that do not take it. */
static void release_slot(struct cache *cache, struct slot *slot)
{
	if (--slot->users > 0)
		return;
	if (slot->state == READY) {
		list_add_newest(cache, slot);
	} else {
		slot->state = EMPTY;
		list_add_oldest(cache, slot);
	}
	pthread_cond_broadcast(&cache->released);
}

/* Make the oldest slot LOADING, for `key`; NULL if all are in use. */
static struct slot *claim_slot(struct cache *cache, uint64_t key)
{
	struct slot *slot = cache->oldest;

	if (!slot)
		return NULL;
	list_remove(cache, slot);
	if (slot->state == READY)
		unhash_slot(cache, slot);
	slot->is_guess = false;
	slot->key = key;
	slot->state = LOADING;
	slot->users = 1;
	slot->hash_next = *bucket(cache, key);
	*bucket(cache, key) = slot;
	return slot;
}

static void load_slot(struct cache *cache, struct slot *slot, cache_load *load,
	void *arg)
{
	int failure = 0;

	pthread_mutex_unlock(&cache->lock);
	if (load(arg, slot->key, memory_of(cache, slot), &slot->block) < 0)
		failure = errno;
	pthread_mutex_lock(&cache->lock);
	slot->failure = failure;
	slot->state = failure ? FAILED : READY;
	if (failure)
		unhash_slot(cache, slot);
	pthread_cond_broadcast(&slot->loaded);
}

/* Become a user of a slot that was found; wait until it is loaded. */
static void use_slot(struct cache *cache, struct read_context *context,
	struct slot *slot)
{
	if (slot->users++ == 0)
		list_remove(cache, slot);
	if (slot->is_guess)
		cache->hit_score = min_int(cache->hit_score + 2, HIT_SCORE_MAX);
	slot->is_guess = false;
	if (slot->state == LOADING)
		read_context_wait(context);
	while (slot->state == LOADING)
		pthread_cond_wait(&slot->loaded, &cache->lock);
}

const struct cache_block *cache_get(struct cache *cache,
	struct read_context *context, uint64_t key, cache_load *load, void *arg)
{
	struct slot *slot;
	bool is_new = false;
	int failure;

	pthread_mutex_lock(&cache->lock);
	while (!(slot = find_slot(cache, key))) {
		slot = claim_slot(cache, key);
		is_new = slot;
		if (is_new)
			break;
		read_context_wait(context);
		pthread_cond_wait(&cache->released, &cache->lock);
	}
	if (is_new)
		load_slot(cache, slot, load, arg);
	else
		use_slot(cache, context, slot);
	failure = slot->state == READY ? 0 : slot->failure;
	if (failure)
		release_slot(cache, slot);
	pthread_mutex_unlock(&cache->lock);
	if (failure) {
		errno = failure;
		return NULL;
	}
	return &slot->block;
}

const struct cache_block *cache_get_nowait(struct cache *cache, uint64_t key)
{
	struct slot *slot;

	pthread_mutex_lock(&cache->lock);
	slot = find_slot(cache, key);
	if (slot && slot->state == READY)
		use_slot(cache, NULL, slot);
	else
		slot = NULL;
	pthread_mutex_unlock(&cache->lock);
	return slot ? &slot->block : NULL;
}

void cache_guess(struct cache *cache, uint64_t key, cache_load *load, void *arg)
{
	struct slot *slot;

	pthread_mutex_lock(&cache->lock);
	slot = find_slot(cache, key) ? NULL : claim_slot(cache, key);
	if (slot) {
		slot->is_guess = true;
		if (cache->hit_score > 0)
			cache->hit_score--;
		load_slot(cache, slot, load, arg);
		release_slot(cache, slot);
	}
	pthread_mutex_unlock(&cache->lock);
}

bool cache_should_guess(struct cache *cache)
{
	bool is_worth_it;

	pthread_mutex_lock(&cache->lock);
	is_worth_it = cache->hit_score > 0 ||
		      cache->guesses_skipped++ % TRY_EVERY == 0;
	pthread_mutex_unlock(&cache->lock);
	return is_worth_it;
}

void cache_put(struct cache *cache, const struct cache_block *block)
{
	if (!block)
		return;
	pthread_mutex_lock(&cache->lock);
	release_slot(cache, (struct slot *)block);
	pthread_mutex_unlock(&cache->lock);
}

bool cache_has(struct cache *cache, uint64_t key)
{
	bool found;

	pthread_mutex_lock(&cache->lock);
	found = find_slot(cache, key);
	pthread_mutex_unlock(&cache->lock);
	return found;
}

size_t cache_blocks(const struct cache *cache)
{
	return cache->count;
}
