/* SPDX-License-Identifier: BSD-3-Clause */
/* Where blocks lie, in files that are read in any order; readahead. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/server/squashfs/fixture.h"

#define BLOCK 4096

static struct filesystem *fs;
static struct read_context nowait = { READ_NOWAIT, NULL, NULL };
static unsigned char buffer[FS_READ_MAX];

static size_t count_hints(uint64_t ref, uint64_t block, bool *is_guess)
{
	struct fs_data data;

	fs_read(fs, &nowait, ref, block * BLOCK, BLOCK, buffer, &data);
	*is_guess = data.hints_count && data.hints[0].is_guess;
	fs_release(fs, &data);
	return data.hints_count;
}

static void readahead_grows_with_a_sequential_reader(void **state)
{
	size_t hints, before = 0;
	uint64_t ref, block;
	bool is_guess;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	fs = fixture_open(*state);
	ref = fixture_find(fs, "text");
	for (block = 0; block < 20; block++) {
		hints = count_hints(ref, block, &is_guess);
		assert_true(hints >= before);
		assert_int_equal(is_guess, hints == 1);
		before = hints;
	}
	assert_int_equal(hints, FS_HINTS_MAX);
	/* Elsewhere, it is a guess again. */
	assert_int_equal(count_hints(ref, 70, &is_guess), 1);
	assert_true(is_guess);
	assert_int_equal(count_hints(ref, 50, &is_guess), 1);
	assert_true(is_guess);
	/* Never past the end. */
	assert_int_equal(count_hints(ref, 98, &is_guess), 1);
	assert_int_equal(count_hints(ref, 99, &is_guess), 0);
	fs_close(fs);
}

static void followed_hint_is_in_the_cache(void **state)
{
	struct fs_data data;
	uint64_t ref;
	size_t i;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	fs = fixture_open(*state);
	ref = fixture_find(fs, "text");
	for (i = 0; i < 5; i++) {
		fs_read(fs, &nowait, ref, i * BLOCK, BLOCK, buffer, &data);
		fs_release(fs, &data);
	}
	assert_true(data.hints_count > 1);
	for (i = 0; i < data.hints_count; i++) {
		assert_true(fs_wants_readahead(fs, &data.hints[i]));
		fs_readahead(fs, &data.hints[i]);
		assert_false(fs_wants_readahead(fs, &data.hints[i]));
	}
	for (i = 0; i < data.hints_count; i++)
		assert_int_equal(fixture_read(fs, *state, "text", &nowait,
					 (5 + i) * BLOCK, BLOCK),
			READ_DATA);
	fs_close(fs);
}

/* It repeats a NOWAIT read, which gave the hints. */
static void read_that_may_block_has_no_hints(void **state)
{
	struct fs_data data;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	fs = fixture_open(*state);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "text"), 0, BLOCK,
				 buffer, &data),
		READ_DATA);
	assert_int_equal(data.hints_count, 0);
	fs_release(fs, &data);
	fs_close(fs);
}

/* More files than the map keeps, each longer than a checkpoint's interval. */
static void many_files_are_read_in_any_order(void **state)
{
	char name[32];
	size_t i, file;

	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "text-%zu", i);
		fixture_file(*state, name, 80 * BLOCK + i * 100);
	}
	fixture_pack(*state, "-b 4096");
	fs = fixture_open(*state);
	srand(1);
	for (i = 0; i < 3000; i++) {
		file = i % 3 ? rand() % 4 : rand() % 40;
		snprintf(name, sizeof(name), "text-%zu", file);
		assert_int_equal(fixture_read(fs, *state, name, NULL,
					 rand() % (81 * BLOCK),
					 rand() % (3 * BLOCK)),
			READ_DATA);
	}
	fs_close(fs);
}

/* So many blocks that the checkpoints have to be farther apart. */
static void huge_file_is_read_anywhere(void **state)
{
	static const uint64_t data_at[] = { 0, 4096 * 33, 200000000, 500000000,
		599999999 };
	char command[128];
	size_t i, round;

	for (i = 0; i < sizeof(data_at) / sizeof(data_at[0]); i++) {
		snprintf(command, sizeof(command),
			"printf 'here-%zu' | dd of=huge bs=1 seek=%llu "
			"conv=notrunc status=none",
			i, (unsigned long long)data_at[i]);
		fixture_run(*state, command);
	}
	fixture_pack(*state, "-b 4096");
	fs = fixture_open(*state);
	for (round = 0; round < 3; round++)
		for (i = 0; i < sizeof(data_at) / sizeof(data_at[0]); i++) {
			uint64_t at = data_at[(i * 3 + round) % 5];

			assert_int_equal(fixture_read(fs, *state, "huge", NULL,
						 at > 100 ? at - 100 : 0, 300),
				READ_DATA);
			assert_int_equal(fixture_read(fs, *state, "huge", NULL,
						 at / 2, 10000),
				READ_DATA);
		}
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(readahead_grows_with_a_sequential_reader),
		TEST(followed_hint_is_in_the_cache),
		TEST(read_that_may_block_has_no_hints),
		TEST(many_files_are_read_in_any_order),
		TEST(huge_file_is_read_anywhere),
	};

	return cmocka_run_group_tests_name("blockmap", tests, NULL, NULL);
}
