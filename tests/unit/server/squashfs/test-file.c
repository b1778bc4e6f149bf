/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents of files: reads at all boundaries of blocks, the four results of a
 * read, readahead, and files that do not make sense.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/server/squashfs/fixture.h"

#define BLOCK 4096

/* In the superblock, and in a basic inode of a regular file. */
#define END            40
#define FRAGMENTS      16
#define FRAGMENT_TABLE 80
#define FILE_START     16
#define FILE_FRAGMENT  20
#define FILE_OFFSET    24
#define FILE_SIZE      28
#define FILE_BLOCKS    32 /* a header of 4 bytes each */
/* In a fragment table's entry. */
#define FRAGMENT_HEADER 8

static struct squash *squash;
static struct read_context nowait = { READ_NOWAIT, NULL, NULL };
static unsigned char buffer[SQUASH_READ_MAX], expected[SQUASH_READ_MAX];

static size_t read_tree(const struct fixture *fixture, const char *name,
	uint64_t offset, size_t size)
{
	char path[256];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fixture->tree, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	got = pread(fd, expected, size, offset);
	close(fd);
	assert_true(got >= 0);
	return got;
}

/* Whatever the result, the bytes equal the tree's. */
static enum read_result assert_read(const struct fixture *fixture,
	const char *name, struct read_context *context, uint64_t offset,
	size_t size)
{
	struct squash_data data;
	enum read_result result = squash_read(squash, context,
		fixture_find(squash, name), offset, size, buffer, &data);
	size_t there = read_tree(fixture, name, offset, size);

	assert_int_equal(data.size, there);
	if (result == READ_STORED) {
		assert_int_equal(pread(squash_fd(squash), buffer, data.size,
					 data.stored_offset),
			there);
		data.bytes = buffer;
	}
	if (result == READ_STORED || result == READ_DATA)
		assert_memory_equal(data.bytes, expected, there);
	squash_release(squash, &data);
	assert_null(data.held);
	return result;
}

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
			if (marks[j] < marks[i] || marks[j] > SQUASH_READ_MAX)
				continue;
			assert_int_not_equal(assert_read(fixture, name, &nowait,
						     marks[i],
						     marks[j] - marks[i]),
				READ_ERROR);
			result = assert_read(fixture, name, NULL, marks[i],
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
		squash = fixture_open(*state);
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			for (k = 0; kinds[k]; k++) {
				snprintf(name, sizeof(name), "%c%zu", kinds[k],
					sizes[i]);
				assert_all_reads(*state, name, sizes[i]);
			}
		squash_close(squash);
	}
}

static void what_cannot_be_read_is_einval(void **state)
{
	struct squash_data data;

	fixture_run(*state, "mkdir dir && ln -s a link && echo hello >file");
	fixture_pack(*state, "");
	squash = fixture_open(*state);
	assert_int_equal(squash_read(squash, NULL, fixture_find(squash, "dir"),
				 0, 10, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(squash_read(squash, NULL, fixture_find(squash, "link"),
				 0, 10, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(squash_read(squash, NULL, fixture_find(squash, "file"),
				 0, SQUASH_READ_MAX + 1, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(squash_read(squash, NULL, fixture_find(squash, "file"),
				 UINT64_MAX, SQUASH_READ_MAX, buffer, &data),
		READ_DATA);
	assert_int_equal(data.size, 0);
	squash_close(squash);
}

/* A compressed block blocks once, and is then returned without a copy. */
static void compressed_block_is_read_from_the_cache(void **state)
{
	struct squash_data data;
	uint64_t ref;

	fixture_file(*state, "text", 3 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	squash = fixture_open(*state);
	ref = fixture_find(squash, "text");
	assert_int_equal(assert_read(*state, "text", &nowait, BLOCK, 100),
		READ_WOULD_BLOCK);
	assert_int_equal(assert_read(*state, "text", NULL, BLOCK, 100),
		READ_DATA);
	assert_int_equal(squash_read(squash, &nowait, ref, BLOCK + 7, 100,
				 buffer, &data),
		READ_DATA);
	assert_non_null(data.held);
	assert_ptr_not_equal(data.bytes, buffer);
	squash_release(squash, &data);
	squash_release(squash, &data); /* again is nothing */
	/* Across two blocks: both have to be there, and it is a copy. */
	assert_int_equal(
		assert_read(*state, "text", &nowait, 2 * BLOCK - 50, 100),
		READ_WOULD_BLOCK);
	assert_int_equal(squash_read(squash, NULL, ref, 2 * BLOCK - 50, 100,
				 buffer, &data),
		READ_DATA);
	assert_null(data.held);
	assert_ptr_equal(data.bytes, buffer);
	assert_int_equal(
		assert_read(*state, "text", &nowait, 2 * BLOCK - 50, 100),
		READ_DATA);
	squash_close(squash);
}

static void stored_blocks_are_named_by_their_offset(void **state)
{
	struct squash_data data;
	uint64_t ref;

	fixture_file(*state, "random", 10 * BLOCK + 100);
	fixture_pack(*state, "-b 4096 -noF -always-use-fragments");
	squash = fixture_open(*state);
	ref = fixture_find(squash, "random");
	/* One block, or several that are contiguous. */
	assert_int_equal(assert_read(*state, "random", &nowait, 10, 1000),
		READ_STORED);
	assert_int_equal(assert_read(*state, "random", &nowait, 100, 9 * BLOCK),
		READ_STORED);
	/* The tail is in a fragment, elsewhere. */
	assert_int_equal(
		assert_read(*state, "random", &nowait, 9 * BLOCK, BLOCK + 100),
		READ_WOULD_BLOCK);
	/* A read that may block returns the bytes. */
	assert_int_equal(
		squash_read(squash, NULL, ref, 10, 1000, buffer, &data),
		READ_DATA);
	assert_ptr_equal(data.bytes, buffer);
	assert_int_equal(data.stored_offset, 0);
	squash_close(squash);
}

static void holes_never_block(void **state)
{
	fixture_run(*state, "truncate -s 1M hole && echo end >>hole");
	fixture_pack(*state, "-b 4096 -always-use-fragments");
	squash = fixture_open(*state);
	assert_int_equal(assert_read(*state, "hole", &nowait, 0, 1 << 20),
		READ_DATA);
	assert_int_equal(assert_read(*state, "hole", &nowait, 12345, 100),
		READ_DATA);
	assert_int_equal(assert_read(*state, "hole", &nowait, 1 << 20, 4),
		READ_WOULD_BLOCK);
	squash_close(squash);
}

/* --- readahead ------------------------------------------------------------ */

static size_t count_hints(uint64_t ref, uint64_t block, bool *is_guess)
{
	struct squash_data data;

	squash_read(squash, &nowait, ref, block * BLOCK, BLOCK, buffer, &data);
	*is_guess = data.readahead_count && data.readahead[0].is_guess;
	squash_release(squash, &data);
	return data.readahead_count;
}

static void readahead_grows_with_a_sequential_reader(void **state)
{
	size_t hints, before = 0;
	uint64_t ref, block;
	bool is_guess;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	squash = fixture_open(*state);
	ref = fixture_find(squash, "text");
	for (block = 0; block < 20; block++) {
		hints = count_hints(ref, block, &is_guess);
		assert_true(hints >= before);
		assert_int_equal(is_guess, hints == 1);
		before = hints;
	}
	assert_int_equal(hints, SQUASH_READAHEAD_MAX);
	/* Elsewhere, it is a guess again. */
	assert_int_equal(count_hints(ref, 70, &is_guess), 1);
	assert_true(is_guess);
	assert_int_equal(count_hints(ref, 50, &is_guess), 1);
	assert_true(is_guess);
	/* Never past the end. */
	assert_int_equal(count_hints(ref, 98, &is_guess), 1);
	assert_int_equal(count_hints(ref, 99, &is_guess), 0);
	squash_close(squash);
}

static void followed_hint_is_in_the_cache(void **state)
{
	struct squash_data data;
	uint64_t ref;
	size_t i;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	squash = fixture_open(*state);
	ref = fixture_find(squash, "text");
	for (i = 0; i < 5; i++) {
		squash_read(squash, &nowait, ref, i * BLOCK, BLOCK, buffer,
			&data);
		squash_release(squash, &data);
	}
	assert_true(data.readahead_count > 1);
	for (i = 0; i < data.readahead_count; i++) {
		assert_true(squash_wants_readahead(squash, &data.readahead[i]));
		squash_readahead(squash, &data.readahead[i]);
		assert_false(
			squash_wants_readahead(squash, &data.readahead[i]));
	}
	for (i = 0; i < data.readahead_count; i++)
		assert_int_equal(assert_read(*state, "text", &nowait,
					 (5 + i) * BLOCK, BLOCK),
			READ_DATA);
	squash_close(squash);
}

/* It repeats a NOWAIT read, which gave the hints. */
static void read_that_may_block_has_no_hints(void **state)
{
	struct squash_data data;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096 -no-fragments");
	squash = fixture_open(*state);
	assert_int_equal(squash_read(squash, NULL, fixture_find(squash, "text"),
				 0, BLOCK, buffer, &data),
		READ_DATA);
	assert_int_equal(data.readahead_count, 0);
	squash_release(squash, &data);
	squash_close(squash);
}

/* --- the block map -------------------------------------------------------- */

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
	squash = fixture_open(*state);
	srand(1);
	for (i = 0; i < 3000; i++) {
		file = i % 3 ? rand() % 4 : rand() % 40;
		snprintf(name, sizeof(name), "text-%zu", file);
		assert_int_equal(assert_read(*state, name, NULL,
					 rand() % (81 * BLOCK),
					 rand() % (3 * BLOCK)),
			READ_DATA);
	}
	squash_close(squash);
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
	squash = fixture_open(*state);
	for (round = 0; round < 3; round++)
		for (i = 0; i < sizeof(data_at) / sizeof(data_at[0]); i++) {
			uint64_t at = data_at[(i * 3 + round) % 5];

			assert_int_equal(assert_read(*state, "huge", NULL,
						 at > 100 ? at - 100 : 0, 300),
				READ_DATA);
			assert_int_equal(assert_read(*state, "huge", NULL,
						 at / 2, 10000),
				READ_DATA);
		}
	squash_close(squash);
}

/* --- damage --------------------------------------------------------------- */

static uint64_t inode_of(const struct fixture *fixture, const char *name)
{
	uint64_t at;

	squash = fixture_open(fixture);
	at = fixture_inode(fixture, fixture_find(squash, name));
	squash_close(squash);
	assert_int_equal(fixture_get(fixture, at, 2), 2); /* basic */
	return at;
}

/* The read fails after the change, and works again once it is undone. */
static void assert_damaged(const struct fixture *fixture, const char *name,
	uint64_t offset, uint64_t at, size_t width, uint64_t value)
{
	uint64_t before = fixture_get(fixture, at, width);
	struct squash_data data;
	uint64_t ref;
	int round;

	fixture_put(fixture, at, width, value);
	squash = fixture_open(fixture);
	ref = fixture_find(squash, name);
	for (round = 0; round < 2; round++) {
		enum read_result result;

		errno = 0;
		if (squash_read(squash, NULL, ref, offset, 100, buffer,
			    &data) != READ_ERROR ||
			errno != EIO)
			fail_msg("%s: %llx at %llu", name,
				(unsigned long long)value,
				(unsigned long long)at);
		/* Without waiting, it may take a second read to find out. */
		result = squash_read(squash, &nowait, ref, offset, 100, buffer,
			&data);
		if (result != READ_ERROR && result != READ_WOULD_BLOCK)
			fail_msg("%s: %llx at %llu is shown", name,
				(unsigned long long)value,
				(unsigned long long)at);
	}
	squash_close(squash);
	fixture_put(fixture, at, width, before);
	squash = fixture_open(fixture);
	assert_int_equal(assert_read(fixture, name, NULL, offset, 100),
		READ_DATA);
	squash_close(squash);
}

static void nonsense_in_the_list_of_blocks_is_an_error(void **state)
{
	const uint32_t stored = 0x01000000;
	uint64_t at;

	fixture_file(*state, "random", 4 * BLOCK);
	fixture_pack(*state, FIXTURE_PLAIN "-no-fragments");
	at = inode_of(*state, "random");
	/* Undefined bits; more than a block; fewer bytes than are asked for. */
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4,
		stored << 1 | stored | BLOCK);
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4,
		0x80000000 | BLOCK);
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4, BLOCK + 1);
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4, 0xffffff);
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4, stored | 50);
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4, stored);
	/* Not compressed, though it says so. */
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4, BLOCK);
	assert_damaged(*state, "random", 0, at + FILE_BLOCKS, 4, 1);
	/* The next block would be outside, by the size of the one before. */
	assert_damaged(*state, "random", BLOCK, at + FILE_BLOCKS, 4,
		stored | 0xffffff);
}

static void nonsense_in_the_inode_of_a_file_is_an_error(void **state)
{
	uint64_t at;

	fixture_file(*state, "random", 4 * BLOCK);
	fixture_pack(*state, FIXTURE_PLAIN "-no-fragments");
	at = inode_of(*state, "random");
	assert_damaged(*state, "random", 0, at + FILE_START, 4, UINT32_MAX);
	assert_damaged(*state, "random", 0, at + FILE_START, 4, 1 << 20);
	/* A fragment, where there is none. */
	fixture_put(*state, at + FILE_SIZE, 4, BLOCK + 200);
	fixture_run(*state, "truncate -s 4296 random");
	assert_damaged(*state, "random", BLOCK, at + FILE_FRAGMENT, 4, 0);
	assert_damaged(*state, "random", BLOCK, at + FILE_FRAGMENT, 4,
		UINT32_MAX - 1);
}

/* A buffer for compressed bytes holds a block, of 8 KiB at least. */
static void compressed_block_longer_than_a_block_is_an_error(void **state)
{
	fixture_file(*state, "random", 20 * BLOCK);
	fixture_pack(*state, FIXTURE_PLAIN "-no-fragments");
	assert_damaged(*state, "random", 0,
		inode_of(*state, "random") + FILE_BLOCKS, 4, 15 * BLOCK);
}

/* Bytes behind the file system do not belong to it. */
static void block_behind_the_end_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	uint64_t at, end;

	fixture_file(fixture, "random", 4 * BLOCK);
	fixture_pack(fixture, FIXTURE_PLAIN "-no-fragments");
	end = fixture_get(fixture, END, 8);
	assert_int_equal(truncate(fixture->image, end + 8 * BLOCK), 0);
	at = inode_of(fixture, "random");
	assert_damaged(fixture, "random", 0, at + FILE_START, 4, end);
	assert_damaged(fixture, "random", 0, at + FILE_START, 4, end - 50);
}

static void file_longer_than_its_list_is_an_error(void **state)
{
	struct squash_data data;
	uint64_t at;

	fixture_file(*state, "random", 4 * BLOCK);
	fixture_pack(*state, FIXTURE_PLAIN "-no-fragments");
	at = inode_of(*state, "random");
	fixture_put(*state, at + FILE_SIZE, 4, UINT32_MAX);
	squash = fixture_open(*state);
	errno = 0;
	assert_int_equal(squash_read(squash, NULL,
				 fixture_find(squash, "random"), 1 << 30, 100,
				 buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EIO);
	squash_close(squash);
}

static void nonsense_about_a_fragment_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	uint64_t at, index, table, entry;

	fixture_file(fixture, "small", 300);
	fixture_pack(fixture, FIXTURE_PLAIN);
	at = inode_of(fixture, "small");
	assert_int_equal(fixture_get(fixture, FRAGMENTS, 4), 1);
	assert_damaged(fixture, "small", 0, at + FILE_FRAGMENT, 4, 1);
	assert_damaged(fixture, "small", 0, at + FILE_FRAGMENT, 4,
		UINT32_MAX - 1);
	assert_damaged(fixture, "small", 0, at + FILE_OFFSET, 4, 201);
	assert_damaged(fixture, "small", 0, at + FILE_OFFSET, 4, UINT32_MAX);
	index = fixture_get(fixture, FRAGMENT_TABLE, 8);
	table = fixture_get(fixture, index, 8);
	entry = table + 2;
	assert_int_equal(fixture_get(fixture, entry + FRAGMENT_HEADER, 4),
		0x01000000 | 300);
	/* A hole, undefined bits, too long, too short. */
	assert_damaged(fixture, "small", 0, entry + FRAGMENT_HEADER, 4, 0);
	assert_damaged(fixture, "small", 0, entry + FRAGMENT_HEADER, 4,
		0x81000000 | 300);
	assert_damaged(fixture, "small", 0, entry + FRAGMENT_HEADER, 4,
		BLOCK + 1);
	assert_damaged(fixture, "small", 0, entry + FRAGMENT_HEADER, 4,
		0x01000000 | 99);
	assert_damaged(fixture, "small", 0, entry, 8, 1ULL << 40);
	assert_damaged(fixture, "small", 0, entry, 8, UINT64_MAX - 10);
	/* The table's block: elsewhere, empty, too long. */
	assert_damaged(fixture, "small", 0, index, 8, UINT64_MAX);
	assert_damaged(fixture, "small", 0, table, 2, 0x8000);
	assert_damaged(fixture, "small", 0, table, 2, 0x8000 | 8);
	assert_damaged(fixture, "small", 0, table, 2, 0xffff);
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
		TEST(readahead_grows_with_a_sequential_reader),
		TEST(followed_hint_is_in_the_cache),
		TEST(read_that_may_block_has_no_hints),
		TEST(many_files_are_read_in_any_order),
		TEST(huge_file_is_read_anywhere),
		TEST(nonsense_in_the_list_of_blocks_is_an_error),
		TEST(nonsense_in_the_inode_of_a_file_is_an_error),
		TEST(compressed_block_longer_than_a_block_is_an_error),
		TEST(block_behind_the_end_is_an_error),
		TEST(file_longer_than_its_list_is_an_error),
		TEST(nonsense_about_a_fragment_is_an_error),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
