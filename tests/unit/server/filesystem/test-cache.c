/* SPDX-License-Identifier: BSD-3-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/filesystem/cache.h"

#define BLOCK_SIZE 4096
#define FAILING    666 /* the key that cannot be loaded */
#define SLOW       777 /* the key that takes a while */
#define GATED      888 /* the key that is loaded when the gate opens */
#define THREADS    8
#define NO_ADVICE  (-1)

static int loads; /* under the loader's lock */
static pthread_mutex_t loads_lock = PTHREAD_MUTEX_INITIALIZER;

static sem_t begun, gate; /* of GATED */

static int load(void *arg, uint64_t key, unsigned char *data,
	struct cache_block *block)
{
	const struct timespec a_while = { .tv_nsec = 20000000 };

	(void)arg;
	pthread_mutex_lock(&loads_lock);
	loads++;
	pthread_mutex_unlock(&loads_lock);
	if (key == SLOW)
		nanosleep(&a_while, NULL);
	if (key == GATED) {
		sem_post(&begun);
		sem_wait(&gate);
	}
	if (key == FAILING) {
		errno = EIO;
		return -1;
	}
	memset(data, (int)key, BLOCK_SIZE);
	block->size = BLOCK_SIZE;
	block->next = key + 1;
	return 0;
}

static long page_size; /* 0: this machine's */
static int advice;     /* the last one, or NO_ADVICE */

/* Instead of the C library's. */
long sysconf(int name)
{
	long (*real)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");

	return name == _SC_PAGESIZE && page_size ? page_size : real(name);
}

int madvise(void *memory, size_t size, int what)
{
	(void)memory, (void)size;
	advice = what;
	return 0;
}

static struct cache *open_cache(size_t blocks)
{
	struct cache *cache;

	loads = 0;
	assert_int_equal(cache_open(blocks * BLOCK_SIZE, BLOCK_SIZE, 1, &cache),
		0);
	assert_int_equal(cache_blocks(cache), blocks);
	return cache;
}

static void use(struct cache *cache, uint64_t key, bool is_new)
{
	const struct cache_block *block;
	int before = loads;

	block = cache_get(cache, NULL, key, load, NULL);
	assert_non_null(block);
	assert_int_equal(loads - before, is_new);
	assert_int_equal(block->data[BLOCK_SIZE - 1], key & 0xff);
	assert_int_equal(block->next, key + 1);
	cache_put(cache, block);
}

static void least_recently_used_block_makes_room(void **state)
{
	struct cache *cache = open_cache(3);

	(void)state;
	use(cache, 1, true);
	use(cache, 2, true);
	use(cache, 3, true);
	use(cache, 1, false);
	use(cache, 4, true); /* in the place of 2 */
	use(cache, 1, false);
	use(cache, 3, false);
	assert_false(cache_has(cache, 2));
	use(cache, 2, true);
	cache_close(cache);
}

static void block_in_use_stays(void **state)
{
	struct cache *cache = open_cache(2);
	const struct cache_block *kept = cache_get(cache, NULL, 1, load, NULL);
	uint64_t key;

	(void)state;
	for (key = 2; key < 100; key++)
		use(cache, key, true);
	assert_int_equal(kept->data[0], 1);
	cache_put(cache, kept);
	use(cache, 1, false);
	cache_close(cache);
}

static void failure_is_returned_and_not_cached(void **state)
{
	struct cache *cache = open_cache(1);
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		errno = 0;
		assert_null(cache_get(cache, NULL, FAILING, load, NULL));
		assert_int_equal(errno, EIO);
	}
	assert_int_equal(loads, 3);
	use(cache, 1, true);
	cache_close(cache);
}

static void *use_slow(void *cache)
{
	const struct cache_block *block =
		cache_get(cache, NULL, SLOW, load, NULL);
	void *failed = !block || block->data[0] != (SLOW & 0xff) ? cache : NULL;

	cache_put(cache, block);
	return failed;
}

static void block_that_many_threads_want_is_loaded_once(void **state)
{
	struct cache *cache = open_cache(4);
	pthread_t threads[THREADS];
	void *failed;
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, use_slow, cache), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(loads, 1);
	cache_close(cache);
}

static void *use_gated(void *cache)
{
	use(cache, GATED, true);
	return NULL;
}

static void nowait_returns_loaded_blocks_only(void **state)
{
	struct cache *cache = open_cache(1);
	const struct cache_block *block;
	pthread_t thread;

	(void)state;
	assert_null(cache_get_nowait(cache, 1));
	assert_int_equal(loads, 0);
	assert_int_equal(pthread_create(&thread, NULL, use_gated, cache), 0);
	sem_wait(&begun);
	assert_null(cache_get_nowait(cache, GATED)); /* is being loaded */
	sem_post(&gate);
	pthread_join(thread, NULL);
	block = cache_get_nowait(cache, GATED);
	assert_non_null(block);
	assert_int_equal(block->data[0], GATED & 0xff);
	cache_put(cache, block);
	use(cache, 1, true); /* the other block was put */
	cache_close(cache);
}

static void note_wait(void *waits)
{
	sem_post(waits);
}

static sem_t waits;

static void *get_gated(void *cache)
{
	struct read_context context = { READ_MAY_BLOCK, note_wait, &waits };

	cache_put(cache, cache_get(cache, &context, GATED, load, NULL));
	return NULL;
}

/* The only block is being loaded for another key. */
static void *get_another(void *cache)
{
	struct read_context context = { READ_MAY_BLOCK, note_wait, &waits };

	cache_put(cache, cache_get(cache, &context, 1, load, NULL));
	return NULL;
}

static bool has_waited(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 10;
	return sem_timedwait(&waits, &end) == 0;
}

/* The gate opens only after before_wait was called. */
static void before_wait_is_called_before_waiting_for_a_thread(void **state)
{
	void *(*const ways[])(void *) = { get_gated, get_another };
	pthread_t loader, waiter;
	struct cache *cache;
	size_t i;

	(void)state;
	sem_init(&waits, 0, 0);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		cache = open_cache(1);
		assert_int_equal(
			pthread_create(&loader, NULL, use_gated, cache), 0);
		sem_wait(&begun);
		assert_int_equal(pthread_create(&waiter, NULL, ways[i], cache),
			0);
		assert_true(has_waited());
		sem_post(&gate);
		pthread_join(loader, NULL);
		pthread_join(waiter, NULL);
		cache_close(cache);
	}
	/* It is not called for a block that is loaded. */
	cache = open_cache(1);
	use(cache, 1, true);
	get_another(cache);
	assert_int_equal(sem_trywait(&waits), -1);
	cache_close(cache);
}

static int guess(struct cache *cache, uint64_t first, int count)
{
	uint64_t key;

	loads = 0;
	for (key = first; key < first + count; key++)
		if (cache_should_guess(cache))
			cache_guess(cache, key, load, NULL);
	return loads;
}

static void guesses_are_made_while_they_are_right(void **state)
{
	struct cache *cache = open_cache(64);
	uint64_t key;
	int made;

	(void)state;
	made = guess(cache, 1000, 160);
	assert_in_range(made, 16, 32);
	assert_int_equal(guess(cache, 1000, 1), 0); /* already loaded */
	/* A guessed block is loaded, and these guesses were right. */
	for (key = 1; key < 20; key++) {
		cache_guess(cache, key, load, NULL);
		use(cache, key, false);
	}
	assert_in_range(guess(cache, 2000, 10), 10, 10);
	cache_close(cache);
}

/* With fewer blocks than threads, threads wait for each other. */
static void *use_many(void *cache)
{
	const struct cache_block *block;
	uint64_t key;

	for (key = 1; key < 2000; key++) {
		block = cache_get(cache, NULL, key % 7, load, NULL);
		if (!block || block->data[9] != key % 7)
			return cache;
		cache_put(cache, block);
	}
	return NULL;
}

static void few_blocks_serve_many_threads(void **state)
{
	struct cache *cache = open_cache(2);
	pthread_t threads[THREADS];
	void *failed;
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, use_many, cache), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	cache_close(cache);
}

static int advice_for(long page, size_t bytes)
{
	struct cache *cache;

	page_size = page;
	advice = NO_ADVICE;
	cache = open_cache(bytes / BLOCK_SIZE);
	page_size = 0;
	cache_close(cache);
	return advice;
}

/* The first block would take a whole one: 32 MiB, or 512 MiB. */
static void huge_pages_are_declined_where_pages_are_large(void **state)
{
	(void)state;
	assert_int_equal(advice_for(4096, 2 << 20), NO_ADVICE);
	assert_int_equal(advice_for(4096, 16 << 20), MADV_HUGEPAGE);
	assert_int_equal(advice_for(16 << 10, 2 << 20), MADV_NOHUGEPAGE);
	assert_int_equal(advice_for(16 << 10, 16 << 20), MADV_NOHUGEPAGE);
	assert_int_equal(advice_for(64 << 10, 16 << 20), MADV_NOHUGEPAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(least_recently_used_block_makes_room),
		cmocka_unit_test(block_in_use_stays),
		cmocka_unit_test(failure_is_returned_and_not_cached),
		cmocka_unit_test(block_that_many_threads_want_is_loaded_once),
		cmocka_unit_test(nowait_returns_loaded_blocks_only),
		cmocka_unit_test(
			before_wait_is_called_before_waiting_for_a_thread),
		cmocka_unit_test(guesses_are_made_while_they_are_right),
		cmocka_unit_test(few_blocks_serve_many_threads),
		cmocka_unit_test(huge_pages_are_declined_where_pages_are_large),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
