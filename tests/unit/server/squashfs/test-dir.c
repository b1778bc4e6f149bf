/* SPDX-License-Identifier: BSD-3-Clause */
/* Look-ups and listings, and directories that do not make sense. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/walk-image.h"
#include "tests/unit/server/squashfs/fixture.h"

#define MANY 3000
#define FAR  (1000 * 8192) /* whole blocks of metadata */

/* In the superblock and in inodes. */
#define DIRECTORY_TABLE 72
#define INODE_TYPE      0
#define DIR_START       16
#define DIR_SIZE        24
#define DIR_OFFSET      26
#define LDIR_SIZE       20
#define LDIR_START      24
#define LDIR_INDEXES    32
#define LDIR_INDEX      40 /* then 12 bytes, and a name, for each entry */
#define TYPE_LDIR       8
/* In a directory's list: the first header and the first entry. */
#define HEADER_COUNT 0
#define HEADER_BLOCK 4
#define ENTRY        12
#define ENTRY_OFFSET (ENTRY + 0)
#define ENTRY_TYPE   (ENTRY + 4)
#define ENTRY_SIZE   (ENTRY + 6)
#define ENTRY_NAME   (ENTRY + 8)

static struct filesystem *fs;
/* With "many", "empty" and "file", for tests that change the image only. */
static struct fixture *large;

static int make_large(void **state)
{
	if (fixture_make(state) < 0)
		return -1;
	large = *state;
	fixture_many(large, "many", MANY);
	fixture_run(large, "mkdir empty && : >file");
	return 0;
}

static int remove_large(void **state)
{
	*state = large;
	return fixture_remove(state);
}

static int lookup_error(uint64_t directory, const char *name)
{
	uint64_t ref;

	errno = 0;
	return fs_lookup(fs, NULL, directory, name, &ref) < 0 ? errno : 0;
}

struct listed {
	size_t count, stop_after;
	char first[NAME_MAX + 1], last[NAME_MAX + 1];
	uint64_t cookie;
};

static bool visit(const struct fs_entry *entry, void *arg)
{
	struct listed *listed = arg;

	if (listed->count++ == 0)
		strcpy(listed->first, entry->name);
	else
		assert_true(strcmp(entry->name, listed->last) > 0);
	strcpy(listed->last, entry->name);
	listed->cookie = entry->next;
	return listed->count != listed->stop_after;
}

static struct listed list(uint64_t directory, uint64_t cookie, size_t stop)
{
	struct listed listed = { .stop_after = stop };

	errno = 0;
	if (fs_list(fs, NULL, directory, cookie, visit, &listed) < 0)
		assert_int_not_equal(errno, 0);
	else
		errno = 0;
	return listed;
}

static void every_entry_is_found(void **state)
{
	char name[64];
	uint64_t many, ref, before = UINT64_MAX;
	int i;

	(void)state;
	fixture_pack(large, "");
	fs = fixture_open(large);
	many = fixture_find(fs, "many");
	for (i = 0; i < MANY; i++) {
		sprintf(name, "entry-%04d-and-so-on", i);
		assert_int_equal(fs_lookup(fs, NULL, many, name, &ref), 0);
		assert_true(ref != before);
		before = ref;
	}
	fs_close(fs);
}

static void what_is_not_there_is_not_found(void **state)
{
	static const char *const names[] = { "", ".", "..", "a", "zzz",
		"entry-", "entry-1500", "entry-1500-and-so-on-", "entry-2999z",
		"many/entry-0000-and-so-on" };
	char long_name[400] = { 0 };
	uint64_t many;
	size_t i;

	(void)state;
	fixture_pack(large, "");
	fs = fixture_open(large);
	many = fixture_find(fs, "many");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(lookup_error(many, names[i]), ENOENT);
		assert_int_equal(
			lookup_error(fixture_find(fs, "empty"), names[i]),
			ENOENT);
	}
	memset(long_name, 'm', sizeof(long_name) - 1);
	assert_int_equal(lookup_error(many, long_name), ENOENT);
	assert_int_equal(lookup_error(fixture_find(fs, "file"), "file"),
		ENOTDIR);
	list(fixture_find(fs, "file"), 0, 0);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(list(fixture_find(fs, "empty"), 0, 0).count, 0);
	assert_int_equal(errno, 0);
	fs_close(fs);
}

/* From each cookie, the next entry and all that follow. */
static void listing_goes_on_from_any_cookie(void **state)
{
	struct listed first, rest;
	uint64_t many, cookie = 0;
	char name[64];
	int i;

	(void)state;
	fixture_pack(large, "");
	fs = fixture_open(large);
	many = fixture_find(fs, "many");
	for (i = 0; i < MANY; i++) {
		first = list(many, cookie, 1);
		assert_int_equal(first.count, 1);
		sprintf(name, "entry-%04d-and-so-on", i);
		assert_string_equal(first.first, name);
		assert_true(first.cookie > cookie);
		cookie = first.cookie;
		if (i % 100 == 0) {
			rest = list(many, cookie, 0);
			assert_int_equal(rest.count, MANY - 1 - i);
			assert_string_equal(rest.last, "entry-2999-and-so-on");
		}
	}
	assert_int_equal(list(many, cookie, 0).count, 0);
	assert_int_equal(list(many, cookie + 1000, 0).count, 0);
	assert_int_equal(list(many, UINT64_MAX, 0).count, 0);
	fs_close(fs);
}

static void names_may_be_255_bytes_long(void **state)
{
	char name[NAME_MAX + 1] = { 0 };
	uint64_t ref;

	fixture_run(*state, ": >$(printf %0255d 0) && : >a && : >'b c\t\xff'");
	fixture_pack(*state, "");
	fs = fixture_open(*state);
	memset(name, '0', NAME_MAX);
	ref = fs->root;
	assert_int_equal(lookup_error(ref, name), 0);
	assert_int_equal(lookup_error(ref, "b c\t\xff"), 0);
	name[NAME_MAX - 1] = '\0';
	assert_int_equal(lookup_error(ref, name), ENOENT);
	assert_int_equal(list(ref, 0, 0).count, 3);
	fs_close(fs);
}

/* --- damage --------------------------------------------------------------- */

/* A plain image with "dir/aaaa" and "dir/bbbb". */
struct small {
	struct fixture *fixture;
	uint64_t ref;   /* of the directory */
	uint64_t inode; /* where it is in the image */
	uint64_t list;
};

/* Where the list of a basic directory is in the image. */
static uint64_t find_list(const struct fixture *fixture, uint64_t inode)
{
	return fixture_get(fixture, DIRECTORY_TABLE, 8) +
	       fixture_get(fixture, inode + DIR_START, 4) + 2 +
	       fixture_get(fixture, inode + DIR_OFFSET, 2);
}

static struct small pack_small(struct fixture *fixture)
{
	struct small small = { .fixture = fixture };

	fixture_run(fixture, "mkdir dir && : >dir/aaaa && : >dir/bbbb");
	fixture_pack(fixture, FIXTURE_PLAIN);
	fs = fixture_open(fixture);
	small.ref = fixture_find(fs, "dir");
	fs_close(fs);
	small.inode = fixture_inode(fixture, small.ref);
	small.list = find_list(fixture, small.inode);
	assert_int_equal(fixture_get(fixture, small.list + ENTRY_NAME, 4),
		0x61616161);
	return small;
}

/* After the change, `listed` entries are listed before the error. */
static void assert_damaged(const struct small *small, uint64_t at, size_t width,
	uint64_t value, size_t listed)
{
	uint64_t before = fixture_get(small->fixture, at, width);

	fixture_put(small->fixture, at, width, value);
	fs = fixture_open(small->fixture);
	if (list(small->ref, 0, 0).count != listed || errno != EIO)
		fail_msg("%llx at %llu: %d", (unsigned long long)value,
			(unsigned long long)at, errno);
	assert_int_equal(lookup_error(small->ref, "cccc"), EIO);
	fs_close(fs);
	fixture_put(small->fixture, at, width, before);
}

static void nonsense_in_a_list_is_an_error(void **state)
{
	struct small small = pack_small(*state);
	uint64_t name = small.list + ENTRY_NAME;

	assert_damaged(&small, small.list + HEADER_COUNT, 4, 256, 0);
	assert_damaged(&small, small.list + HEADER_COUNT, 4, UINT32_MAX, 0);
	/* More entries than there are in the list, though all of them fit. */
	assert_damaged(&small, small.list + HEADER_COUNT, 4, 2, 2);
	/* No type, or one of the extended ones that only inodes have. */
	assert_damaged(&small, small.list + ENTRY_TYPE, 2, 0, 0);
	assert_damaged(&small, small.list + ENTRY_TYPE, 2, 8, 0);
	assert_damaged(&small, small.list + ENTRY_TYPE, 2, 14, 0);
	/* A second header, where there is an entry. */
	assert_damaged(&small, small.list + HEADER_COUNT, 4, 0, 1);
	/* More entries than bytes: the list ends within the third, or not. */
	assert_damaged(&small, small.list + ENTRY_SIZE, 2, 255, 0);
	assert_damaged(&small, small.list + ENTRY_SIZE, 2, UINT16_MAX, 0);
	assert_damaged(&small, small.list + ENTRY_SIZE, 2, 40, 0);
	assert_damaged(&small, name + 1, 1, '/', 0);
	assert_damaged(&small, name + 1, 1, '\0', 0);
	assert_damaged(&small, name + 12 + 3, 1, '/', 1);
	/* The list's size and position, in the inode. */
	assert_damaged(&small, small.inode + DIR_SIZE, 2, 3 + 11, 0);
	assert_damaged(&small, small.inode + DIR_SIZE, 2, 3 + 25, 1);
	assert_damaged(&small, small.inode + DIR_START, 4, UINT32_MAX, 0);
	assert_damaged(&small, small.inode + DIR_OFFSET, 2, UINT16_MAX, 0);
}

/* 256 bytes that are really there; the buffer holds 255. */
static void name_that_is_too_long_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct small small = { .fixture = fixture };
	int i;

	fixture_run(fixture, "mkdir dir && : >dir/$(printf %0255d 0)");
	fixture_run(fixture, ": >dir/$(printf %0254d 0)1");
	fixture_pack(fixture, FIXTURE_PLAIN);
	fs = fixture_open(fixture);
	small.ref = fixture_find(fs, "dir");
	fs_close(fs);
	small.inode = fixture_inode(fixture, small.ref);
	small.list = find_list(fixture, small.inode);
	/* So that nothing but its length is wrong with it. */
	for (i = 0; i < 20; i++)
		fixture_put(fixture, small.list + ENTRY_NAME + 255 + i, 1, '0');
	assert_damaged(&small, small.list + ENTRY_SIZE, 2, 256 - 1, 0);
	assert_damaged(&small, small.list + ENTRY_SIZE, 2, 270 - 1, 0);
}

static void list_longer_than_the_table_is_an_error(void **state)
{
	struct small small = pack_small(*state);

	fixture_put(small.fixture, small.inode + DIR_SIZE, 2, UINT16_MAX);
	fs = fixture_open(small.fixture);
	assert_true(list(small.ref, 0, 0).count >= 2);
	assert_int_equal(errno, EIO);
	assert_int_equal(lookup_error(small.ref, "aaaa"), 0);
	fs_close(fs);
}

static void size_below_that_of_the_dots_is_empty(void **state)
{
	struct small small = pack_small(*state);
	int size;

	for (size = 0; size <= 3; size++) {
		fixture_put(small.fixture, small.inode + DIR_SIZE, 2, size);
		fs = fixture_open(small.fixture);
		assert_int_equal(list(small.ref, 0, 0).count, 0);
		assert_int_equal(errno, 0);
		assert_int_equal(lookup_error(small.ref, "aaaa"), ENOENT);
		fs_close(fs);
	}
}

static void dots_are_no_entries(void **state)
{
	struct small small = pack_small(*state);

	fixture_put(small.fixture, small.list + ENTRY_SIZE, 2, 1 - 1);
	assert_damaged(&small, small.list + ENTRY_NAME, 1, '.', 0);
	fixture_put(small.fixture, small.list + ENTRY_SIZE, 2, 2 - 1);
	assert_damaged(&small, small.list + ENTRY_NAME, 2, 0x2e2e, 0);
}

/* An entry refers to its own directory: an endless tree. */
static void loop_of_directories_is_walked_no_further_than_asked(void **state)
{
	struct small small = pack_small(*state);
	struct image_walk walk = { .nodes_max = 500,
		.reads_max = 1,
		.piece = 1000 };
	uint64_t ref;

	fixture_put(small.fixture, small.list + HEADER_BLOCK, 4,
		small.ref >> 16);
	fixture_put(small.fixture, small.list + ENTRY_OFFSET, 2,
		small.ref & 0xffff);
	walk.fs = fs = fixture_open(small.fixture);
	assert_int_equal(fs_lookup(fs, NULL, small.ref, "aaaa", &ref), 0);
	assert_true(ref == small.ref);
	assert_int_equal(walk_image(&walk), 500);
	fs_close(fs);
}

/* In the first entry of the index, which a look-up of its name uses. */
static void nonsense_in_an_index_is_an_error(void **state)
{
	struct {
		unsigned int at, width;
		uint64_t value;
	} changes[] = {
		{ LDIR_INDEX, 4, UINT32_MAX }, /* offset */
		{ LDIR_INDEX, 4, FAR },
		{ LDIR_INDEX + 4, 4, UINT32_MAX }, /* block */
		{ LDIR_INDEX + 8, 4, NAME_MAX },   /* size of the name */
		{ LDIR_INDEX + 8, 4, UINT32_MAX },
	};
	struct fixture *fixture = large;
	char name[NAME_MAX + 1] = { 0 };
	uint64_t ref, at, before;
	size_t i;

	(void)state;
	fixture_pack(fixture, FIXTURE_PLAIN);
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "many");
	fs_close(fs);
	at = fixture_inode(fixture, ref);
	assert_int_equal(fixture_get(fixture, at + INODE_TYPE, 2), TYPE_LDIR);
	assert_in_range(fixture_get(fixture, at + LDIR_INDEXES, 2), 5, 100);
	for (i = 0; i < strlen("entry-0000-and-so-on"); i++)
		name[i] = fixture_get(fixture, at + LDIR_INDEX + 12 + i, 1);
	/* Far behind the list, but at the same offset in a block. */
	changes[1].value += fixture_get(fixture, at + LDIR_INDEX, 4);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		before = fixture_get(fixture, at + changes[i].at,
			changes[i].width);
		fixture_put(fixture, at + changes[i].at, changes[i].width,
			changes[i].value);
		fs = fixture_open(fixture);
		assert_int_equal(lookup_error(ref, name), EIO);
		fs_close(fs);
		fixture_put(fixture, at + changes[i].at, changes[i].width,
			before);
	}
	fs = fixture_open(fixture);
	assert_int_equal(lookup_error(ref, name), 0);
	fs_close(fs);
}

/* Without its index a directory shows the same. */
static void index_is_not_needed(void **state)
{
	struct fixture *fixture = large;
	uint64_t ref;

	(void)state;
	fixture_pack(fixture, FIXTURE_PLAIN);
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "many");
	fs_close(fs);
	fixture_put(fixture, fixture_inode(fixture, ref) + LDIR_INDEXES, 2, 0);
	fs = fixture_open(fixture);
	assert_int_equal(list(ref, 0, 0).count, MANY);
	assert_int_equal(errno, 0);
	assert_int_equal(lookup_error(ref, "entry-2999-and-so-on"), 0);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_entry_is_found),
		cmocka_unit_test(what_is_not_there_is_not_found),
		cmocka_unit_test(listing_goes_on_from_any_cookie),
		TEST(names_may_be_255_bytes_long),
		TEST(nonsense_in_a_list_is_an_error),
		TEST(name_that_is_too_long_is_an_error),
		TEST(list_longer_than_the_table_is_an_error),
		TEST(size_below_that_of_the_dots_is_empty),
		TEST(dots_are_no_entries),
		TEST(loop_of_directories_is_walked_no_further_than_asked),
		cmocka_unit_test(nonsense_in_an_index_is_an_error),
		cmocka_unit_test(index_is_not_needed),
	};

	return cmocka_run_group_tests_name("dir", tests, make_large,
		remove_large);
}
