/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader as a whole: what it shows of an image is the tree that was packed,
 * whatever the compressor, the block size and the way of packing.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/server/same-tree.h"

#define MANY 300 /* more than one header of a directory counts */

static void make_tree(const struct fixture *fixture)
{
	fixture_run(fixture, "mkdir -p empty deep/er/still && : >nothing");
	fixture_many(fixture, "many", MANY);
	fixture_file(fixture, "text", 150000);
	fixture_file(fixture, "random", 140000);
	fixture_file(fixture, "zeros", 50000);
	fixture_file(fixture, "tail", 131072 + 17);
	fixture_file(fixture, "one-block", 131072);
	fixture_file(fixture, "deep/er/still/small", 500);
	fixture_run(fixture,
		"truncate -s 300K sparse && echo end >>sparse && "
		"ln text hard-link && ln -s deep/er symlink && "
		"ln -s $(printf %01000d 0) long-symlink && mkfifo fifo && "
		"cat random random text >repeated && "
		"chmod 0700 deep && chmod 4751 text && chmod 1777 empty && "
		"touch -d @1234567890 random");
}

static void assert_same(struct fixture *fixture, const char *options)
{
	static const size_t pieces[] = { 3000, 65536, FS_READ_MAX };
	struct filesystem *fs;
	size_t i;

	fixture_pack(fixture, options);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		fs = fixture_open(fixture);
		assert_same_tree(fixture, fs, pieces[i]);
		fs_close(fs);
	}
}

static void assert_all_same(void **state, const char *compressor)
{
	static const char *const ways[] = { "-b 4K", "-b 128K -no-fragments",
		"-b 1M -always-use-fragments", "-b 64K -noI -noD -noF" };
	char options[128];
	size_t i;

	make_tree(*state);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(options, sizeof(options), "-comp %s %s", compressor,
			ways[i]);
		assert_same(*state, options);
	}
}

static void gzip_image_shows_the_tree(void **state)
{
	assert_all_same(state, "gzip");
}

static void lzo_image_shows_the_tree(void **state)
{
	assert_all_same(state, "lzo -Xcompression-level 1");
}

static void xz_image_shows_the_tree(void **state)
{
	assert_all_same(state, "xz");
}

static void lz4_image_shows_the_tree(void **state)
{
	assert_all_same(state, "lz4");
}

static void zstd_image_shows_the_tree(void **state)
{
	assert_all_same(state, "zstd");
}

static void partition_is_all_that_is_read(void **state)
{
	struct fixture *fixture = *state;
	struct sif_partition partition = { .offset = 10000 };
	struct fs_data data;
	struct filesystem *fs;
	struct error err = { 0 };
	char bytes[8], copy[128];
	uint64_t used;
	int fd;

	fixture_run(fixture, "echo hello >file");
	fixture_pack(fixture, "-nopad");
	used = fixture_get(fixture, 40, 8);
	snprintf(copy, sizeof(copy),
		"cd .. && { head -c 10000 /dev/zero; cat image; "
		"head -c 10000 /dev/zero; } >image2 && mv image2 image");
	fixture_run(fixture, copy);
	fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
	partition.size = used;
	assert_int_equal(squash_open(&fd, &partition, &fs, &err), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(fs_read(fs, NULL, fixture_find(fs, "file"), 0,
				 sizeof(bytes), bytes, &data),
		READ_DATA);
	assert_int_equal(data.size, 6);
	assert_memory_equal(data.bytes, "hello\n", 6);
	fs_release(fs, &data);
	fs_close(fs);
	/* One byte less, though it is in the file. */
	fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
	partition.size = used - 1;
	assert_int_equal(squash_open(&fd, &partition, &fs, &err), -1);
	assert_true(fd >= 0);
	close(fd);
}

static void cache_is_kept_if_its_size_stays(void **state)
{
	struct fixture *fixture = *state;
	struct read_context nowait = { READ_NOWAIT, NULL, NULL };
	struct fs_data data;
	struct filesystem *fs;
	static char bytes[8192];
	uint64_t ref;

	fixture_file(fixture, "text", 8192);
	fixture_pack(fixture, "-b 8K");
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "text");
	assert_int_equal(fs_set_cache(fs, 1 << 20, 2), 0);
	assert_int_equal(fs_read(fs, &nowait, ref, 0, 8192, bytes, &data),
		READ_WOULD_BLOCK);
	assert_int_equal(fs_read(fs, NULL, ref, 0, 8192, bytes, &data),
		READ_DATA);
	fs_release(fs, &data);
	assert_int_equal(fs_set_cache(fs, 1 << 20, 2), 0);
	assert_int_equal(fs_read(fs, &nowait, ref, 0, 8192, bytes, &data),
		READ_DATA);
	fs_release(fs, &data);
	assert_int_equal(fs_set_cache(fs, 1 << 21, 2), 0);
	assert_int_equal(fs_read(fs, &nowait, ref, 0, 8192, bytes, &data),
		READ_WOULD_BLOCK);
	fs_close(fs);
	fs_close(NULL);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gzip_image_shows_the_tree),
		TEST(lzo_image_shows_the_tree),
		TEST(xz_image_shows_the_tree),
		TEST(lz4_image_shows_the_tree),
		TEST(zstd_image_shows_the_tree),
		TEST(partition_is_all_that_is_read),
		TEST(cache_is_kept_if_its_size_stays),
	};

	return cmocka_run_group_tests_name("squash", tests, NULL, NULL);
}
