/* SPDX-License-Identifier: BSD-3-Clause */
/* The mark of opaque directories, and attributes that do not make sense. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "tests/unit/server/squashfs/fixture.h"

#define MARK "user.overlay.opaque"

/* In the superblock, a directory's inode, and the table of attributes. */
#define XATTR_TABLE 56
#define INODE_TYPE  0
#define LDIR_XATTRS 36
#define TYPE_LDIR   8
#define TABLE_START 0
#define TABLE_COUNT 8
#define TABLE_INDEX 16
/* An entry of the table; an attribute. */
#define ID_REF       0
#define ID_COUNT     8
#define ATTR_TYPE    0
#define ATTR_SIZE    2
#define ATTR_NAME    4
#define SHARED       0x100
#define TYPE_TRUSTED 1
#define TYPE_SECURE  2

#define BLOCK_HEADER 2

static struct filesystem *fs;

/* False if the file system cannot have attributes: tmpfs before Linux 6.6. */
static bool mark(const struct fixture *fixture, const char *directory,
	const char *name, const char *value)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", fixture->tree, directory);
	if (setxattr(path, name, value, strlen(value), 0) == 0)
		return true;
	assert_int_equal(errno, ENOTSUP);
	print_message("# no attributes in '%s'\n", fixture->tree);
	return false;
}

static int find(const char *path)
{
	errno = 0;
	return fs_is_opaque(fs, NULL, fixture_find(fs, path));
}

static void a_directory_is_opaque_if_it_is_marked(void **state)
{
	static const char *const packings[] = { "", FIXTURE_PLAIN "-noX " };
	struct fixture *fixture = *state;
	char text[3001] = "";
	size_t i;

	memset(text, 't', sizeof(text) - 1);
	fixture_run(fixture, "mkdir plain marked no long other own && : >file");
	if (!mark(fixture, "marked", MARK, "y"))
		return;
	mark(fixture, "marked", "user.zzz", text);
	mark(fixture, "no", MARK, "n");
	mark(fixture, "no", "user.a", "y");
	mark(fixture, "long", MARK, "yes");
	mark(fixture, "other", "user.overlay.opaque2", "y");
	mark(fixture, "other", "user.y", "");
	mark(fixture, "own", "user.aaa", text);
	mark(fixture, "own", "user.fuseoverlayfs.opaque", "y");
	mark(fixture, "file", MARK, "y");
	for (i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		fixture_pack(fixture, packings[i]);
		fs = fixture_open(fixture);
		assert_int_equal(find("plain"), 0);
		assert_int_equal(find("marked"), 1);
		assert_int_equal(find("no"), 0);
		assert_int_equal(find("long"), 0);
		assert_int_equal(find("other"), 0);
		assert_int_equal(find("own"), 1);
		assert_int_equal(find("file"), -1);
		assert_int_equal(errno, ENOTDIR);
		assert_int_equal(fs_is_opaque(fs, NULL, fs->root), 0);
		fs_close(fs);
	}
}

static void an_image_can_be_without_attributes(void **state)
{
	struct fixture *fixture = *state;

	fixture_run(fixture, "mkdir marked");
	if (!mark(fixture, "marked", MARK, "y"))
		return;
	fixture_pack(fixture, "-no-xattrs");
	fs = fixture_open(fixture);
	assert_int_equal(find("marked"), 0);
	fs_close(fs);
}

/* Where things are in an image with one marked directory. */
struct places {
	uint64_t inode, table, id, attributes;
};

static bool pack_marked(const struct fixture *fixture, struct places *places)
{
	uint64_t start, ref;

	fixture_run(fixture, "mkdir marked");
	if (!mark(fixture, "marked", MARK, "y"))
		return false;
	fixture_pack(fixture, FIXTURE_PLAIN "-noX ");
	fs = fixture_open(fixture);
	places->inode = fixture_inode(fixture, fixture_find(fs, "marked"));
	assert_int_equal(find("marked"), 1);
	fs_close(fs);
	places->table = fixture_get(fixture, XATTR_TABLE, 8);
	places->id = fixture_get(fixture, places->table + TABLE_INDEX, 8) +
		     BLOCK_HEADER;
	start = fixture_get(fixture, places->table + TABLE_START, 8);
	ref = fixture_get(fixture, places->id + ID_REF, 8);
	assert_int_equal(ref, 0);
	places->attributes = start + BLOCK_HEADER;
	assert_int_equal(fixture_get(fixture, places->inode + INODE_TYPE, 2),
		TYPE_LDIR);
	return true;
}

/* What the directory is with that number at that place. */
static int find_with(const struct fixture *fixture, uint64_t offset,
	size_t width, uint64_t value)
{
	uint64_t before = fixture_get(fixture, offset, width);
	int found;

	fixture_put(fixture, offset, width, value);
	fs = fixture_open(fixture);
	found = find("marked");
	fs_close(fs);
	fixture_put(fixture, offset, width, before);
	return found;
}

#define ASSERT_DAMAGED(...)                                   \
	do {                                                  \
		assert_int_equal(find_with(__VA_ARGS__), -1); \
		assert_int_equal(errno, EIO);                 \
	} while (0)

static void the_prefix_of_the_mark_counts(void **state)
{
	struct fixture *fixture = *state;
	struct places at;

	if (!pack_marked(fixture, &at))
		return;
	assert_int_equal(
		find_with(fixture, at.attributes + ATTR_TYPE, 2, TYPE_TRUSTED),
		1);
	assert_int_equal(
		find_with(fixture, at.attributes + ATTR_TYPE, 2, TYPE_SECURE),
		0);
	assert_int_equal(find_with(fixture, at.attributes + ATTR_NAME, 1, 'O'),
		0);
	assert_int_equal(find_with(fixture, at.id + ID_COUNT, 4, 0), 0);
	assert_int_equal(
		find_with(fixture, at.inode + LDIR_XATTRS, 4, 0xffffffff), 0);
}

static void attributes_that_make_no_sense_are_an_error(void **state)
{
	struct fixture *fixture = *state;
	struct places at;

	if (!pack_marked(fixture, &at))
		return;
	ASSERT_DAMAGED(fixture, at.inode + LDIR_XATTRS, 4, 1);
	ASSERT_DAMAGED(fixture, at.inode + LDIR_XATTRS, 4, 0xfffffffe);
	ASSERT_DAMAGED(fixture, XATTR_TABLE, 8, UINT64_MAX - 1);
	ASSERT_DAMAGED(fixture, XATTR_TABLE, 8, UINT64_MAX - 20);
	ASSERT_DAMAGED(fixture, at.table + TABLE_START, 8, UINT64_MAX);
	ASSERT_DAMAGED(fixture, at.table + TABLE_COUNT, 4, 0);
	ASSERT_DAMAGED(fixture, at.table + TABLE_INDEX, 8, UINT64_MAX);
	ASSERT_DAMAGED(fixture, at.id + ID_REF, 8, UINT64_MAX);
	ASSERT_DAMAGED(fixture, at.id + ID_REF, 8, 0xffff);
	ASSERT_DAMAGED(fixture, at.id + ID_REF, 8, 1ULL << 40);
	ASSERT_DAMAGED(fixture, at.attributes + ATTR_SIZE, 2, 0xffff);
	/* The value has one byte: it is no reference. */
	ASSERT_DAMAGED(fixture, at.attributes + ATTR_TYPE, 2, SHARED);
	/* More than there are, and the first is not the mark. */
	fixture_put(fixture, at.attributes + ATTR_NAME, 1, 'O');
	ASSERT_DAMAGED(fixture, at.id + ID_COUNT, 4, UINT32_MAX);
}

/* The reference leads to the value of another attribute. */
static void the_value_of_the_mark_can_be_shared(void **state)
{
	struct fixture *fixture = *state;
	struct places at;
	uint64_t value;

	fixture_run(fixture, "mkdir marked");
	if (!mark(fixture, "marked", MARK, "12345678") ||
		!mark(fixture, "marked", "user.zz", "y"))
		return;
	fixture_pack(fixture, FIXTURE_PLAIN "-noX ");
	fs = fixture_open(fixture);
	assert_int_equal(find("marked"), 0);
	fs_close(fs);
	at.table = fixture_get(fixture, XATTR_TABLE, 8);
	at.attributes =
		fixture_get(fixture, at.table + TABLE_START, 8) + BLOCK_HEADER;
	value = ATTR_NAME + strlen("overlay.opaque") + 4;
	/* Attributes are in the order of the directory's. */
	if (fixture_get(fixture, at.attributes + ATTR_SIZE, 2) == 2) {
		value = ATTR_NAME + 2;
		at.attributes += ATTR_NAME + 2 + 4 + 1;
		fixture_put(fixture, at.attributes + ATTR_NAME + 14 + 4, 8,
			value);
	} else {
		fixture_put(fixture, at.attributes + value, 8,
			value + 8 + ATTR_NAME + 2);
	}
	fixture_put(fixture, at.attributes + ATTR_TYPE, 2, SHARED);
	fs = fixture_open(fixture);
	assert_int_equal(find("marked"), 1);
	fs_close(fs);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_make, fixture_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_directory_is_opaque_if_it_is_marked),
		TEST(an_image_can_be_without_attributes),
		TEST(the_prefix_of_the_mark_counts),
		TEST(attributes_that_make_no_sense_are_an_error),
		TEST(the_value_of_the_mark_can_be_shared),
	};

	return cmocka_run_group_tests_name("opaque", tests, NULL, NULL);
}
