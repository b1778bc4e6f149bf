/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reader as a whole: what it shows of a file system is the tree that mke2fs
 * was given, whatever the features.
 */
#include <stdio.h>

#include "spank/server/filesystem/stack.h"
#include "tests/unit/server/ext/fixture.h"
#include "tests/unit/server/filesystem/fake.h"
#include "tests/unit/server/same-tree.h"

/* Files for each way of laying out blocks. */
static void make_tree(const struct fixture *fixture)
{
	fixture_run(fixture, "mkdir -p empty deep/er/still && : >nothing");
	fixture_many(fixture, "many", 500);
	fixture_file(fixture, "text", 150000);
	fixture_file(fixture, "random", 140000);
	fixture_file(fixture, "one-block", 4096);
	fixture_file(fixture, "deep/er/still/small", 500);
	/* Around what fits into an inode. */
	fixture_file(fixture, "r59", 59);
	fixture_file(fixture, "r60", 60);
	fixture_file(fixture, "r61", 61);
	fixture_file(fixture, "r100", 100);
	fixture_file(fixture, "r160", 160);
	fixture_run(fixture,
		"truncate -s 300K sparse && echo end >>sparse && "
		"truncate -s 1M hole && "
		"ln text hard-link && ln -s deep/er symlink && "
		"ln -s $(printf %059d 0) link-59 && "
		"ln -s $(printf %060d 0) link-60 && "
		"ln -s $(printf %01000d 0) link-1000 && mkfifo fifo && "
		"for i in 1 2 3 4 5 6 7; do "
		"mkdir names$i && : >names$i/$(printf %0250d $i); done && "
		"chmod 0700 deep && chmod 4751 text && chmod 1777 empty && "
		"touch -d @1234567890 random");
	/* Hundreds of extents, and a block behind three levels of pointers. */
	fixture_run(fixture,
		"for i in $(seq 0 3 900); do echo $i | dd of=fragments bs=4096 "
		"seek=$i conv=notrunc status=none; done && "
		"truncate -s 70M far && echo end >>far");
}

static void assert_same_image(const struct fixture *fixture)
{
	static const size_t pieces[] = { 3000, 65536, FS_READ_MAX };
	struct filesystem *fs;
	size_t i;

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		fs = ext_fixture_open(fixture, NULL);
		assert_same_tree(fixture, fs, pieces[i]);
		fs_close(fs);
	}
}

static void assert_same(const struct fixture *fixture, const char *options)
{
	print_message("# %s\n", options);
	ext_fixture_pack(fixture, options, 48);
	assert_same_image(fixture);
}

/* Not every mke2fs has an option for this.  Sizes are not in the superblock. */
static void the_first_revision_shows_the_tree(void **state)
{
	make_tree(*state);
	ext_fixture_pack(*state, "-t ext2 -b 1024 -O none -I 128", 48);
	ext_fixture_debugfs(*state, "set_super_value rev_level 0");
	ext_fixture_debugfs(*state, "set_super_value inode_size 0");
	ext_fixture_debugfs(*state, "set_super_value first_ino 0");
	assert_same_image(*state);
}

static void ext2_and_ext3_show_the_tree(void **state)
{
	static const char *const ways[] = {
		"-t ext2 -b 1024",
		"-t ext2 -b 2048",
		"-t ext2 -b 4096 -N 2000",
		"-t ext2 -O ^filetype,^sparse_super,^resize_inode -b 1024",
		"-t ext3 -b 1024 -J size=1",
		"-t ext3 -b 4096 -I 128 -J size=4",
	};
	size_t i;

	make_tree(*state);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		assert_same(*state, ways[i]);
}

static void ext4_shows_the_tree(void **state)
{
	static const char *const ways[] = {
		"-t ext4 -b 1024 -J size=1",
		"-t ext4 -b 4096 -O ^has_journal",
		"-t ext4 -O ^has_journal,^64bit,^metadata_csum,uninit_bg",
		"-t ext4 -O ^has_journal,inline_data -I 256",
		"-t ext4 -O ^has_journal,inline_data -I 1024 -b 1024",
		"-t ext4 -O ^has_journal,bigalloc -b 1024 -C 16384 -N 2000",
		"-t ext4 -O ^has_journal,meta_bg,^resize_inode -b 1024 -g 1024",
		("-t ext4 -O ^has_journal,meta_bg,^resize_inode,sparse_super2 "
		 "-b 1024 -g 512"),
		"-t ext4 -O ^has_journal,^flex_bg,ea_inode,large_dir,mmp,quota",
		"-t ext4 -O ^has_journal -b 65536 -N 2000",
	};
	size_t i;

	make_tree(*state);
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		assert_same(*state, ways[i]);
}

static void upper_is_the_root_if_it_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	ino_t parent;
	uint64_t ref;

	fixture_run(fixture, "mkdir upper work && echo hello >upper/file");
	ext_fixture_pack(fixture, "-t ext3", 4);
	fs = ext_fixture_open(fixture, "upper");
	fixture_find(fs, "file");
	assert_int_equal(fs_lookup(fs, NULL, fs->root, "upper", &ref), -1);
	assert_int_equal(fs_parent_number(fs, NULL, fs->root, &parent), 0);
	assert_int_equal(parent, fs->root);
	fs_close(fs);
	fs = ext_fixture_open(fixture, "lower");
	fixture_find(fs, "upper/file");
	fs_close(fs);
}

static void layers_below_keep_all_of_the_cache(void **state)
{
	static const struct fake_node nothing[] = { { .path = NULL } };
	size_t bytes = 0;
	struct filesystem *layers[2], *stack;
	struct error err;

	ext_fixture_pack(*state, "-t ext3", 4);
	layers[0] = fake_open_with_cache(nothing, &bytes);
	layers[1] = ext_fixture_open(*state, NULL);
	assert_int_equal(stack_open(layers, 2, &stack, &err), 0);
	assert_int_equal(fs_set_cache(stack, 1000, 1), 0);
	assert_int_equal(bytes, 1000);
	fs_close(stack);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_revision_shows_the_tree),
		TEST(ext2_and_ext3_show_the_tree),
		TEST(ext4_shows_the_tree),
		TEST(upper_is_the_root_if_it_is_there),
		TEST(layers_below_keep_all_of_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
