/* SPDX-License-Identifier: BSD-3-Clause */
/* Files, blocks and fragments that do not make sense. */
#include <errno.h>
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

static struct filesystem *fs;
static struct read_context nowait = { READ_NOWAIT, NULL, NULL };
static unsigned char buffer[FS_READ_MAX];

static uint64_t inode_of(const struct fixture *fixture, const char *name)
{
	uint64_t at;

	fs = fixture_open(fixture);
	at = fixture_inode(fixture, fixture_find(fs, name));
	fs_close(fs);
	assert_int_equal(fixture_get(fixture, at, 2), 2); /* basic */
	return at;
}

/* The read fails after the change, and works again once it is undone. */
static void assert_damaged(const struct fixture *fixture, const char *name,
	uint64_t offset, uint64_t at, size_t width, uint64_t value)
{
	uint64_t before = fixture_get(fixture, at, width);
	struct fs_data data;
	uint64_t ref;
	int round;

	fixture_put(fixture, at, width, value);
	fs = fixture_open(fixture);
	ref = fixture_find(fs, name);
	for (round = 0; round < 2; round++) {
		enum read_result result;

		errno = 0;
		if (fs_read(fs, NULL, ref, offset, 100, buffer, &data) !=
				READ_ERROR ||
			errno != EIO)
			fail_msg("%s: %llx at %llu", name,
				(unsigned long long)value,
				(unsigned long long)at);
		/* Without waiting, it may take a second read to find out. */
		result = fs_read(fs, &nowait, ref, offset, 100, buffer, &data);
		if (result != READ_ERROR && result != READ_WOULD_BLOCK)
			fail_msg("%s: %llx at %llu is shown", name,
				(unsigned long long)value,
				(unsigned long long)at);
	}
	fs_close(fs);
	fixture_put(fixture, at, width, before);
	fs = fixture_open(fixture);
	assert_int_equal(fixture_read(fs, fixture, name, NULL, offset, 100),
		READ_DATA);
	fs_close(fs);
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
	/* In the superblock. */
	assert_damaged(*state, "random", 0, at + FILE_START, 4, 0);
	assert_damaged(*state, "random", 0, at + FILE_START, 4, 95);
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

/* It is in the cache by its place when the other file asks for it. */
static void files_that_disagree_on_a_block_are_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct fs_data data;
	uint64_t first, second, ref;

	fixture_file(fixture, "first", BLOCK);
	fixture_file(fixture, "second", BLOCK - 1000);
	fixture_pack(fixture, "-b 4096 -noI -noX -no-fragments");
	first = inode_of(fixture, "first");
	second = inode_of(fixture, "second");
	assert_true(fixture_get(fixture, first + FILE_BLOCKS, 4) !=
		    fixture_get(fixture, second + FILE_BLOCKS, 4));
	fixture_put(fixture, second + FILE_START, 4,
		fixture_get(fixture, first + FILE_START, 4));
	fs = fixture_open(fixture);
	assert_int_equal(fixture_read(fs, fixture, "first", NULL, 0, 100),
		READ_DATA);
	ref = fixture_find(fs, "second");
	errno = 0;
	assert_int_equal(fs_read(fs, NULL, ref, 0, 100, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EIO);
	errno = 0;
	assert_int_equal(fs_read(fs, &nowait, ref, 0, 100, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

static void file_longer_than_its_list_is_an_error(void **state)
{
	struct fs_data data;
	uint64_t at;

	fixture_file(*state, "random", 4 * BLOCK);
	fixture_pack(*state, FIXTURE_PLAIN "-no-fragments");
	at = inode_of(*state, "random");
	fixture_put(*state, at + FILE_SIZE, 4, UINT32_MAX);
	fs = fixture_open(*state);
	errno = 0;
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "random"), 1 << 30,
				 100, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EIO);
	fs_close(fs);
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
	assert_damaged(fixture, "small", 0, entry, 8, 0);
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
		TEST(nonsense_in_the_list_of_blocks_is_an_error),
		TEST(nonsense_in_the_inode_of_a_file_is_an_error),
		TEST(compressed_block_longer_than_a_block_is_an_error),
		TEST(block_behind_the_end_is_an_error),
		TEST(files_that_disagree_on_a_block_are_an_error),
		TEST(file_longer_than_its_list_is_an_error),
		TEST(nonsense_about_a_fragment_is_an_error),
	};

	return cmocka_run_group_tests_name("file-damage", tests, NULL, NULL);
}
