/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories, with and without an index, whole and damaged. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spank/server/ext/internal.h"
#include "tests/unit/server/ext/fixture.h"
#include "tests/unit/server/same-tree.h"

#define MANY 3000

struct names {
	struct ext *ext;
	struct ext_inode directory;
	size_t count;
	size_t indexed; /* found by the index alone */
};

static bool look_up(const struct fs_entry *entry, void *arg)
{
	struct names *names = arg;
	uint64_t block, ref;

	names->count++;
	names->indexed +=
		ext_htree_find(names->ext, NULL, &names->directory, entry->name,
			strlen(entry->name), &block) == 0;
	assert_int_equal(fs_lookup(&names->ext->fs, NULL,
				 names->directory.number, entry->name, &ref),
		0);
	assert_int_equal(ref, entry->ref);
	return true;
}

static struct names look_up_all(struct filesystem *fs)
{
	struct names names = { .ext = ext_of(fs) };
	uint64_t ref = fixture_find(fs, "many"), found;

	assert_int_equal(ext_inode_get(ext_of(fs), NULL, ref, &names.directory),
		0);
	assert_int_equal(fs_list(fs, NULL, ref, 0, look_up, &names), 0);
	assert_int_equal(names.count, MANY);
	assert_int_equal(fs_lookup(fs, NULL, ref, "entry-9999", &found), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fs_lookup(fs, NULL, ref, "..", &found), -1);
	return names;
}

/* e2fsck -D makes an index of what mke2fs wrote. */
static void index_finds_every_name(void **state)
{
	static const char *const hashes[] = { "legacy", "half_md4", "tea" };
	struct fixture *fixture = *state;
	struct filesystem *fs;
	char command[64];
	int flags;
	size_t i;

	fixture_many(fixture, "many", MANY);
	fixture_run(fixture, "touch many/m\xc3\xbcll && rm many/entry-0000*");
	for (i = 0; i < 6; i++) {
		ext_fixture_pack(fixture, "-t ext4 -b 1024 -O ^has_journal",
			16);
		snprintf(command, sizeof(command), "tune2fs -E hash_alg=%s",
			hashes[i / 2]);
		ext_fixture_tool(fixture, command);
		flags = i % 2 ? 2 : 1;
		snprintf(command, sizeof(command), "ssv flags %d", flags);
		ext_fixture_debugfs(fixture, command);
		ext_fixture_tool(fixture, "e2fsck -fyD");
		fs = ext_fixture_open(fixture, NULL);
		assert_int_equal(ext_of(fs)->super.unsigned_hash, i % 2);
		assert_int_equal(look_up_all(fs).indexed, MANY);
		assert_same_tree(fixture, fs, 65536);
		fs_close(fs);
	}
}

static void without_index_the_directory_is_searched(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;

	fixture_many(fixture, "many", MANY);
	ext_fixture_pack(fixture, "-t ext2 -b 1024", 16);
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(look_up_all(fs).indexed, 0);
	fs_close(fs);
}

static uint64_t first_block(const struct fixture *fixture, const char *path)
{
	uint64_t inode = ext_fixture_inode(fixture, path);

	return fixture_get(fixture, inode + 40, 4) * 1024;
}

/* Whatever is wrong with it, names are found. */
static void damaged_index_is_not_needed(void **state)
{
	static const struct {
		size_t at, width;
		uint64_t value;
	} damages[] = {
		{ 24 + 4, 1, 77 }, /* version of the hash */
		{ 24 + 5, 1, 0 },  /* size of what precedes the entries */
		{ 24 + 6, 1, 3 },  /* levels */
		{ 34, 2, 0 },      /* number of entries */
		{ 34, 2, 0xffff },
		{ 36, 4, 0x0fffffff }, /* block of the first entry */
	};
	struct fixture *fixture = *state;
	struct filesystem *fs;
	uint64_t block, before;
	size_t i;

	fixture_many(fixture, "many", MANY);
	ext_fixture_pack(fixture, "-t ext2 -b 1024", 16);
	ext_fixture_tool(fixture, "e2fsck -fyD");
	block = first_block(fixture, "many");
	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		before = fixture_get(fixture, block + damages[i].at,
			damages[i].width);
		fixture_put(fixture, block + damages[i].at, damages[i].width,
			damages[i].value);
		fs = ext_fixture_open(fixture, NULL);
		assert_true(look_up_all(fs).indexed < MANY);
		fs_close(fs);
		fixture_put(fixture, block + damages[i].at, damages[i].width,
			before);
	}
}

static bool ignore(const struct fs_entry *entry, void *arg)
{
	(void)entry;
	(void)arg;
	return true;
}

static void nonsense_is_an_error(void **state)
{
	/* In the first block, behind "." and "..": inode, length, name. */
	static const struct {
		size_t at, width;
		uint64_t value;
	} damages[] = {
		{ 24, 4, 0xffffffff },
		{ 28, 2, 0 },
		{ 28, 2, 10 },
		{ 28, 2, 0xfffc },
		{ 30, 1, 0 },
		{ 30, 1, 255 },
		{ 32, 1, '/' },
		{ 32, 1, 0 },
	};
	struct fixture *fixture = *state;
	struct filesystem *fs;
	uint64_t block, before, ref, found;
	ino_t parent;
	size_t i;

	fixture_run(fixture, "mkdir dir && touch dir/name");
	ext_fixture_pack(fixture, "-t ext2 -b 1024", 4);
	block = first_block(fixture, "dir");
	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		before = fixture_get(fixture, block + damages[i].at,
			damages[i].width);
		fixture_put(fixture, block + damages[i].at, damages[i].width,
			damages[i].value);
		fs = ext_fixture_open(fixture, NULL);
		ref = fixture_find(fs, "dir");
		assert_int_equal(fs_list(fs, NULL, ref, 0, ignore, NULL), -1);
		assert_int_equal(errno, EIO);
		assert_int_equal(fs_lookup(fs, NULL, ref, "other", &found), -1);
		assert_int_equal(errno, EIO);
		fs_close(fs);
		fixture_put(fixture, block + damages[i].at, damages[i].width,
			before);
	}
	fixture_put(fixture, block + 21, 1, 'x'); /* of ".." */
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(
		fs_parent_number(fs, NULL, fixture_find(fs, "dir"), &parent),
		-1);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

/* Fill a block with pointers to one other. */
static void point(const struct fixture *fixture, uint64_t block, uint64_t to)
{
	size_t i;

	for (i = 0; i < 256; i++)
		fixture_put(fixture, block * 1024 + i * 4, 4, to);
}

/* 16 GiB of one unused entry. */
static void endless_directory_ends(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	uint64_t inode, ref, i, unused = 4000;

	fixture_run(fixture, "mkdir dir");
	ext_fixture_pack(fixture, "-t ext2 -b 1024", 4);
	inode = ext_fixture_inode(fixture, "dir");
	fixture_put(fixture, unused * 1024, 4, 0);
	fixture_put(fixture, unused * 1024 + 4, 2, 1024);
	for (i = 1; i <= 3; i++) {
		point(fixture, unused + i, unused + i - 1);
		fixture_put(fixture, inode + 40 + (11 + i) * 4, 4, unused + i);
	}
	for (i = 0; i < 12; i++)
		fixture_put(fixture, inode + 40 + i * 4, 4, unused);
	fixture_put(fixture, inode + 108, 4, 4);
	fixture_put(fixture, inode + 4, 4, 0);
	fs = ext_fixture_open(fixture, NULL);
	ref = fixture_find(fs, "dir");
	assert_int_equal(fs_list(fs, NULL, ref, 0, ignore, NULL), -1);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(index_finds_every_name),
		TEST(without_index_the_directory_is_searched),
		TEST(damaged_index_is_not_needed),
		TEST(nonsense_is_an_error),
		TEST(endless_directory_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
