/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the contents of files are found, and damaged trees of blocks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spank/server/ext/internal.h"
#include "tests/unit/server/ext/fixture.h"

static struct read_context nowait = { READ_NOWAIT, NULL, NULL };

static enum read_result read_now(const struct fixture *fixture,
	struct filesystem *fs, const char *name, uint64_t offset, size_t size)
{
	return fixture_read(fs, fixture, name, &nowait, offset, size);
}

/* How many bytes at the beginning of a file lie side by side. */
static size_t contiguous_bytes(struct filesystem *fs, const char *name)
{
	struct ext_inode inode;
	struct ext_run run;

	assert_int_equal(
		ext_inode_get(ext_of(fs), NULL, fixture_find(fs, name), &inode),
		0);
	assert_int_equal(ext_map(ext_of(fs), NULL, &inode, 0, 1000, &run), 0);
	assert_true(run.count > 2);
	return run.count * 4096;
}

static void contiguous_blocks_are_spliced(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	size_t size;

	fixture_file(fixture, "random", 100000);
	fixture_run(fixture,
		"truncate -s 40960 sparse && cat random >>sparse && "
		"truncate -s 200000 sparse");
	ext_fixture_pack(fixture, "-t ext4 -O ^has_journal -b 4096", 8);
	fs = ext_fixture_open(fixture, NULL);
	size = contiguous_bytes(fs, "random");
	assert_int_equal(read_now(fixture, fs, "random", 0, size), READ_STORED);
	assert_int_equal(read_now(fixture, fs, "random", 4097, 4097),
		READ_STORED);
	assert_int_equal(read_now(fixture, fs, "random", 0, FS_READ_MAX),
		size < 100000 ? READ_WOULD_BLOCK : READ_STORED);
	assert_int_equal(read_now(fixture, fs, "random", 100000, 10),
		READ_DATA);
	/* Zeros are at hand. */
	assert_int_equal(read_now(fixture, fs, "sparse", 100, 40860),
		READ_DATA);
	assert_int_equal(read_now(fixture, fs, "sparse", 190000, 20000),
		READ_DATA);
	assert_int_equal(read_now(fixture, fs, "sparse", 40000, 10000),
		READ_WOULD_BLOCK);
	assert_int_equal(
		fixture_read(fs, fixture, "sparse", NULL, 40000, 150000),
		READ_DATA);
	fs_close(fs);
}

static void inline_files_are_at_hand(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;

	fixture_file(fixture, "r100", 100);
	ext_fixture_pack(fixture,
		"-t ext4 -O ^has_journal,inline_data -I 256 -b 1024", 4);
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(read_now(fixture, fs, "r100", 0, 4096), READ_DATA);
	assert_int_equal(read_now(fixture, fs, "r100", 59, 2), READ_DATA);
	assert_int_equal(read_now(fixture, fs, "r100", 70, 20), READ_DATA);
	fs_close(fs);
}

/* Hundreds of extents: a tree of two levels below the inode. */
static void make_fragments(const struct fixture *fixture, const char *options)
{
	fixture_run(fixture,
		"for i in $(seq 0 2 1000); do echo $i | dd of=fragments "
		"bs=1024 seek=$i conv=notrunc status=none; done");
	ext_fixture_pack(fixture, options, 8);
}

static enum read_result read_some(const struct fixture *fixture,
	uint64_t offset)
{
	struct filesystem *fs = ext_fixture_open(fixture, NULL);
	unsigned char buffer[4096];
	struct fs_data data;
	enum read_result result =
		fs_read(fs, NULL, fixture_find(fs, "fragments"), offset,
			sizeof(buffer), buffer, &data);

	if (result == READ_ERROR)
		assert_int_equal(errno, EIO);
	fs_close(fs);
	return result;
}

static void assert_damaged(const struct fixture *fixture, uint64_t position,
	size_t width, uint64_t value)
{
	uint64_t before = fixture_get(fixture, position, width);

	fixture_put(fixture, position, width, value);
	assert_int_equal(read_some(fixture, 500 * 1024), READ_ERROR);
	fixture_put(fixture, position, width, before);
	assert_int_equal(read_some(fixture, 500 * 1024), READ_DATA);
}

static void damaged_extents_are_errors(void **state)
{
	struct fixture *fixture = *state;
	uint64_t root, node, leaf;

	make_fragments(fixture, "-t ext4 -O ^has_journal,^64bit -b 1024");
	root = ext_fixture_inode(fixture, "fragments") + 40;
	assert_true(fixture_get(fixture, root + 6, 2) >= 1);
	node = fixture_get(fixture, root + 16, 4) * 1024;
	assert_damaged(fixture, root, 2, 0xF30B); /* magic */
	assert_damaged(fixture, root + 2, 2, 5);  /* entries */
	assert_damaged(fixture, root + 6, 2, 6);  /* depth */
	assert_damaged(fixture, root + 16, 4, 0); /* the node below */
	assert_damaged(fixture, root + 16, 4, 1);
	assert_damaged(fixture, root + 16, 4, 8192);
	assert_damaged(fixture, root + 20, 2, 1);
	assert_damaged(fixture, node, 2, 0);
	assert_damaged(fixture, node + 2, 2, 85);
	assert_damaged(fixture, node + 6, 2,
		fixture_get(fixture, node + 6, 2) + 1);
	leaf = node;
	while (fixture_get(fixture, leaf + 6, 2) > 0)
		leaf = fixture_get(fixture, leaf + 16, 4) * 1024;
	/* Two that begin with the same block; or overlap. */
	fixture_put(fixture, leaf + 24, 4, 0);
	assert_int_equal(read_some(fixture, 0), READ_ERROR);
	fixture_put(fixture, leaf + 24, 4, 2);
	assert_int_equal(read_some(fixture, 0), READ_DATA);
	fixture_put(fixture, leaf + 16, 2, 3);
	assert_int_equal(read_some(fixture, 0), READ_ERROR);
	fixture_put(fixture, leaf + 16, 2, 1);
	assert_int_equal(read_some(fixture, 0), READ_DATA);
	/* An extent that lies at the beginning, or nowhere. */
	fixture_put(fixture, leaf + 20, 4, 0);
	assert_int_equal(read_some(fixture, 0), READ_ERROR);
	fixture_put(fixture, leaf + 20, 4, 8192);
	assert_int_equal(read_some(fixture, 0), READ_ERROR);
}

/* A node that is its own child: its depth does not fit. */
static void loop_of_extents_ends(void **state)
{
	struct fixture *fixture = *state;
	uint64_t root, node;

	make_fragments(fixture, "-t ext4 -O ^has_journal,^64bit -b 1024");
	root = ext_fixture_inode(fixture, "fragments") + 40;
	node = fixture_get(fixture, root + 16, 4);
	fixture_put(fixture, root + 6, 2, 5);
	fixture_put(fixture, node * 1024 + 6, 2, 4);
	fixture_put(fixture, node * 1024 + 16, 4, node);
	assert_int_equal(read_some(fixture, 0), READ_ERROR);
}

static void damaged_pointers_are_errors(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	unsigned char buffer[8];
	struct fs_data data;
	uint64_t inode, size;

	make_fragments(fixture, "-t ext2 -b 1024");
	inode = ext_fixture_inode(fixture, "fragments");
	/* Of blocks of pointers to such blocks. */
	assert_damaged(fixture, inode + 40 + 13 * 4, 4, 8192);
	assert_damaged(fixture, inode + 40 + 13 * 4, 4, 1);
	fixture_put(fixture, inode + 40 + 13 * 4, 4, 0);
	assert_int_equal(read_some(fixture, 500 * 1024), READ_DATA);
	/* Longer than the pointers can reach. */
	size = (12 + 256 + 256 * 256 + 256 * 256 * 256ULL) * 1024;
	fixture_put(fixture, inode + 4, 4, (size + 8) & 0xffffffff);
	fixture_put(fixture, inode + 108, 4, (size + 8) >> 32);
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "fragments"),
				 size - 8, 8, buffer, &data),
		READ_DATA);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "fragments"), size,
				 8, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

static void unwritten_extents_are_zeros(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	static unsigned char buffer[4096], zeros[4096];
	struct fs_data data;
	uint64_t extent;

	fixture_file(fixture, "random", 4096);
	ext_fixture_pack(fixture, "-t ext4 -O ^has_journal -b 4096", 4);
	extent = ext_fixture_inode(fixture, "random") + 40 + 12;
	fixture_put(fixture, extent + 4, 2, 0x8001);
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(fs_read(fs, &nowait, fixture_find(fs, "random"), 0,
				 4096, buffer, &data),
		READ_DATA);
	assert_memory_equal(buffer, zeros, 4096);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(contiguous_blocks_are_spliced),
		TEST(inline_files_are_at_hand),
		TEST(damaged_extents_are_errors),
		TEST(loop_of_extents_ends),
		TEST(damaged_pointers_are_errors),
		TEST(unwritten_extents_are_zeros),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
