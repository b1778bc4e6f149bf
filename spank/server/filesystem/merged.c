/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists are appended to an array of words: the key, the length, the list
 * itself.  Hash tables hold the positions of lists in the array.
 *
 * A list is complete before its position is stored in a slot, and a slot
 * changes only once, from 0.  A process that is killed in between wastes a few
 * words, nothing more.
 *
 * A step may have ten merged directories or 100,000, and a hash table touches
 * its pages at random.  So there are several tables, each larger than the one
 * before.  The next one is used once the one before is half full.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "spank/server/filesystem/merged.h"

/* 4 bytes for each slot: a page, 16 pages, and so on. */
#define FIRST_SLOTS 1024
#define GROWTH      16
#define LEVELS      4

struct level {
	uint32_t used;
	uint32_t *slots; /* positions; 0 if there is none */
	size_t count;
};

struct merged {
	size_t size; /* of all memory */
	uint64_t *words;
	size_t words_max;
	uint64_t words_used; /* of these; position 0 is not used */
	struct level levels[LEVELS];
};

static size_t slots_of(int level)
{
	size_t slots = FIRST_SLOTS;

	while (level-- > 0)
		slots *= GROWTH;
	return slots;
}

struct merged *merged_open(size_t words)
{
	size_t size = sizeof(struct merged) + words * sizeof(uint64_t);
	struct merged *merged;
	uint32_t *slots;
	int i;

	for (i = 0; i < LEVELS; i++)
		size += slots_of(i) * sizeof(uint32_t);
	merged = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (merged == MAP_FAILED)
		return NULL;
	merged->size = size;
	merged->words = (uint64_t *)(merged + 1);
	merged->words_max = words;
	merged->words_used = 1;
	slots = (uint32_t *)(merged->words + words);
	for (i = 0; i < LEVELS; i++) {
		merged->levels[i].slots = slots;
		merged->levels[i].count = slots_of(i);
		slots += slots_of(i);
	}
	return merged;
}

void merged_close(struct merged *merged)
{
	if (merged)
		munmap(merged, merged->size);
}

/* Fibonacci hashing. */
static size_t first_slot(const struct level *level, uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ULL >> 32) & (level->count - 1);
}

static size_t next_slot(const struct level *level, size_t slot)
{
	return (slot + 1) & (level->count - 1);
}

/* The entry that a slot points to, which begins with its key.  NULL if the slot
 * is empty. */
static const uint64_t *list_at(const struct merged *merged,
	const struct level *level, size_t slot)
{
	uint32_t position =
		__atomic_load_n(&level->slots[slot], __ATOMIC_ACQUIRE);

	return position ? merged->words + position : NULL;
}

static const uint64_t *find_in(const struct merged *merged,
	const struct level *level, uint64_t key)
{
	size_t slot = first_slot(level, key);
	const uint64_t *list;

	while ((list = list_at(merged, level, slot)) && list[0] != key)
		slot = next_slot(level, slot);
	return list;
}

/* Whether this hash table is in use.  If it is not, the next ones are not
 * either. */
static bool is_begun(const struct level *level)
{
	return __atomic_load_n(&level->used, __ATOMIC_RELAXED) > 0;
}

const uint64_t *merged_find(const struct merged *merged, uint64_t key,
	size_t *ret_count)
{
	const uint64_t *list = NULL;
	int i;

	for (i = 0; !list && i < LEVELS && is_begun(&merged->levels[i]); i++)
		list = find_in(merged, &merged->levels[i], key);
	*ret_count = list ? list[1] : 0;
	return list ? list + 2 : NULL;
}

static bool is_same(const uint64_t *found, size_t found_count,
	const uint64_t *list, size_t count)
{
	return found_count == count &&
	       memcmp(found, list, count * sizeof(*list)) == 0;
}

/* Returns its position, or 0 if there is no room. */
static uint32_t append(struct merged *merged, uint64_t key,
	const uint64_t *list, size_t count)
{
	uint64_t position = __atomic_fetch_add(&merged->words_used, count + 2,
		__ATOMIC_RELAXED);

	if (position + count + 2 > merged->words_max)
		return 0;
	merged->words[position] = key;
	merged->words[position + 1] = count;
	memcpy(merged->words + position + 2, list, count * sizeof(*list));
	return position;
}

/* The first hash table that has room. */
static struct level *find_room(struct merged *merged)
{
	struct level *level = merged->levels;

	while (level < merged->levels + LEVELS &&
		__atomic_load_n(&level->used, __ATOMIC_RELAXED) >=
			level->count / 2)
		level++;
	return level < merged->levels + LEVELS ? level : NULL;
}

/* If another thread publishes a list with the same key first, merged_find()
 * finds that one. */
static void publish(struct level *level, uint64_t key, uint32_t position,
	const struct merged *merged)
{
	size_t slot = first_slot(level, key);
	const uint64_t *list;
	uint32_t empty = 0;

	/* Before the slot: see is_begun(). */
	__atomic_fetch_add(&level->used, 1, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&level->slots[slot], &empty,
		position, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
		list = list_at(merged, level, slot);
		if (list[0] == key)
			return;
		slot = next_slot(level, slot);
		empty = 0;
	}
}

int merged_add(struct merged *merged, uint64_t key, const uint64_t *list,
	size_t count)
{
	size_t found_count;
	const uint64_t *found = merged_find(merged, key, &found_count);
	struct level *level;
	uint32_t position;

	if (!found) {
		level = find_room(merged);
		position = level ? append(merged, key, list, count) : 0;
		if (!position) {
			errno = ENOMEM;
			return -1;
		}
		publish(level, key, position, merged);
		found = merged_find(merged, key, &found_count);
	}
	if (is_same(found, found_count, list, count))
		return 0;
	errno = EEXIST;
	return -1;
}
