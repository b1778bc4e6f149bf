/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/server/filesystem/merged.h"

#define MANY    100000
#define THREADS 4

static void make_list(uint64_t key, uint64_t list[3])
{
	list[0] = key ^ 1;
	list[1] = key * 3;
	list[2] = key;
}

static int add(struct merged *merged, uint64_t key)
{
	uint64_t list[3];

	make_list(key, list);
	return merged_add(merged, key, list, 1 + key % 3);
}

static void assert_has(const struct merged *merged, uint64_t key)
{
	uint64_t list[3];
	size_t count;
	const uint64_t *found = merged_find(merged, key, &count);

	make_list(key, list);
	assert_non_null(found);
	assert_int_equal(count, 1 + key % 3);
	assert_memory_equal(found, list, count * sizeof(*list));
}

static void lists_are_found_by_their_number(void **state)
{
	struct merged *merged = merged_open(MERGED_WORDS);
	uint64_t key;
	size_t count;

	(void)state;
	assert_non_null(merged);
	assert_null(merged_find(merged, 1, &count));
	for (key = 1; key <= MANY; key++)
		assert_int_equal(add(merged, key << 16), 0);
	for (key = 1; key <= MANY; key++)
		assert_has(merged, key << 16);
	assert_null(merged_find(merged, 1, &count));
	assert_int_equal(count, 0);
	merged_close(merged);
}

static void a_list_is_added_once_and_never_changed(void **state)
{
	struct merged *merged = merged_open(10);
	const uint64_t other[] = { 1, 2 };
	int i;

	(void)state;
	for (i = 0; i < 100; i++)
		assert_int_equal(add(merged, 7), 0);
	assert_int_equal(merged_add(merged, 7, other, 2), -1);
	assert_int_equal(errno, EEXIST);
	assert_has(merged, 7);
	merged_close(merged);
}

static void a_full_table_says_so(void **state)
{
	struct merged *merged = merged_open(1000);
	uint64_t key, added = 0;
	size_t count;

	(void)state;
	for (key = 3; add(merged, key) == 0; key += 3)
		added++;
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(added, 333);
	assert_null(merged_find(merged, key, &count));
	for (key = 3; key <= 3 * added; key += 3)
		assert_has(merged, key);
	merged_close(merged);
}

static void *add_all(void *arg)
{
	uint64_t key;

	for (key = 1; key <= MANY; key++)
		if (add(arg, key) < 0)
			return arg;
	return NULL;
}

static void threads_add_the_same_lists(void **state)
{
	struct merged *merged = merged_open(MERGED_WORDS);
	pthread_t threads[THREADS];
	void *failed;
	uint64_t key;
	int i;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, add_all, merged), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	for (key = 1; key <= MANY; key++)
		assert_has(merged, key);
	merged_close(merged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_found_by_their_number),
		cmocka_unit_test(a_list_is_added_once_and_never_changed),
		cmocka_unit_test(a_full_table_says_so),
		cmocka_unit_test(threads_add_the_same_lists),
	};

	return cmocka_run_group_tests_name("merged", tests, NULL, NULL);
}
