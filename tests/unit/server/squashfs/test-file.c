/* SPDX-License-Identifier: BSD-3-Clause */
/* Contents of files: reads at all boundaries of blocks, and their results. */
#include <errno.h>
#include <stdio.h>

#include "tests/unit/server/squashfs/fixture.h"

#define BLOCK 4096

static struct filesystem *fs;
static struct read_context nowait = { READ_NOWAIT, NULL, NULL };
static unsigned char buffer[FS_READ_MAX];

static void assert_all_reads(const struct fixture *fixture, const char *name,
	uint64_t size)
{
	const uint64_t marks[] = { 0, 1, BLOCK / 2, BLOCK - 1, BLOCK, BLOCK + 1,
		2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 3 * BLOCK,
		size - size / 3, size - 1, size, size + 1, size + BLOCK };
	const size_t count = sizeof(marks) / sizeof(marks[0]);
	enum read_result result;
	size_t i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < count; j++) {
			if (marks[j] < marks[i] || marks[j] > FS_READ_MAX)
				continue;
			assert_int_not_equal(fixture_read(fs, fixture, name,
						     &nowait, marks[i],
						     marks[j] - marks[i]),
				READ_ERROR);
			result = fixture_read(fs, fixture, name, NULL, marks[i],
				marks[j] - marks[i]);
			assert_int_equal(result, READ_DATA);
		}
}

static void reads_at_all_boundaries(void **state)
{
	static const char *const ways[] = { "-b 4096", "-b 4096 -no-fragments",
		"-b 4096 -always-use-fragments", FIXTURE_PLAIN };
	static const size_t sizes[] = { 1, 100, BLOCK - 1, BLOCK, BLOCK + 1,
		3 * BLOCK - 1, 3 * BLOCK, 3 * BLOCK + 1, 10 * BLOCK + 77 };
	static const char kinds[] = "rzt"; /* random, zeros, text */
	char name[32];
	size_t i, j, k;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (k = 0; kinds[k]; k++) {
			snprintf(name, sizeof(name), "%c%zu", kinds[k],
				sizes[i]);
			fixture_file(*state, name, sizes[i]);
		}
	for (j = 0; j < sizeof(ways) / sizeof(ways[0]); j++) {
		fixture_pack(*state, ways[j]);
		fs = fixture_open(*state);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			for (k = 0; kinds[k]; k++) {
				snprintf(name, sizeof(name), "%c%zu", kinds[k],
					sizes[i]);
				assert_all_reads(*state, name, sizes[i]);
			}
		fs_close(fs);
	}
}

static void what_cannot_be_read_is_einval(void **state)
{
	struct fs_data data;

	fixture_run(*state, "mkdir dir && ln -s a link && echo hello >file");
	fixture_pack(*state, "");
	fs = fixture_open(*state);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "dir"), 0, 10,
				 buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "link"), 0, 10,
				 buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "file"), 0,
				 FS_READ_MAX + 1, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "file"), UINT64_MAX,
				 FS_READ_MAX, buffer, &data),
		READ_DATA);
	assert_int_equal(data.size, 0);
	fs_close(fs);
}

/* A compressed block blocks once, and is then returned without a copy. */
static void compressed_block_is_read_from_the_cache(void **state)
{
	struct fs_data data;
	uint64_t ref;

	fixture_file(*state, "text", 3 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	fs = fixture_open(*state);
	ref = fixture_find(fs, "text");
	assert_int_equal(fixture_read(fs, *state, "text", &nowait, BLOCK, 100),
		READ_WOULD_BLOCK);
	assert_int_equal(fixture_read(fs, *state, "text", NULL, BLOCK, 100),
		READ_DATA);
	assert_int_equal(
		fs_read(fs, &nowait, ref, BLOCK + 7, 100, buffer, &data),
		READ_DATA);
	assert_non_null(data.held);
	assert_ptr_not_equal(data.bytes, buffer);
	fs_release(fs, &data);
	fs_release(fs, &data); /* again is nothing */
	/* Across two blocks: both have to be there, and it is a copy. */
	assert_int_equal(
		fixture_read(fs, *state, "text", &nowait, 2 * BLOCK - 50, 100),
		READ_WOULD_BLOCK);
	assert_int_equal(
		fs_read(fs, NULL, ref, 2 * BLOCK - 50, 100, buffer, &data),
		READ_DATA);
	assert_null(data.held);
	assert_ptr_equal(data.bytes, buffer);
	assert_int_equal(
		fixture_read(fs, *state, "text", &nowait, 2 * BLOCK - 50, 100),
		READ_DATA);
	fs_close(fs);
}

static void stored_blocks_are_named_by_their_offset(void **state)
{
	struct fs_data data;
	uint64_t ref;

	fixture_file(*state, "random", 10 * BLOCK + 100);
	fixture_pack(*state, "-b 4096 -noF -always-use-fragments");
	fs = fixture_open(*state);
	ref = fixture_find(fs, "random");
	/* One block, or several that are contiguous. */
	assert_int_equal(fixture_read(fs, *state, "random", &nowait, 10, 1000),
		READ_STORED);
	assert_int_equal(
		fixture_read(fs, *state, "random", &nowait, 100, 9 * BLOCK),
		READ_STORED);
	/* The tail is in a fragment, elsewhere. */
	assert_int_equal(fixture_read(fs, *state, "random", &nowait, 9 * BLOCK,
				 BLOCK + 100),
		READ_WOULD_BLOCK);
	/* A read that may block returns the bytes. */
	assert_int_equal(fs_read(fs, NULL, ref, 10, 1000, buffer, &data),
		READ_DATA);
	assert_ptr_equal(data.bytes, buffer);
	assert_int_equal(data.stored_offset, 0);
	fs_close(fs);
}

static void holes_never_block(void **state)
{
	fixture_run(*state, "truncate -s 1M hole && echo end >>hole");
	fixture_pack(*state, "-b 4096 -always-use-fragments");
	fs = fixture_open(*state);
	assert_int_equal(fixture_read(fs, *state, "hole", &nowait, 0, 1 << 20),
		READ_DATA);
	assert_int_equal(fixture_read(fs, *state, "hole", &nowait, 12345, 100),
		READ_DATA);
	assert_int_equal(fixture_read(fs, *state, "hole", &nowait, 1 << 20, 4),
		READ_WOULD_BLOCK);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_at_all_boundaries),
		TEST(what_cannot_be_read_is_einval),
		TEST(compressed_block_is_read_from_the_cache),
		TEST(stored_blocks_are_named_by_their_offset),
		TEST(holes_never_block),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
