/* SPDX-License-Identifier: BSD-3-Clause */
/* What squash_open() refuses, field by field; and statfs. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/server/squashfs/fixture.h"

#define DAMAGED "it is damaged: its squashfs does not make sense"
#define NO_ROOT "the root of its file system cannot be read"

enum field {
	MAGIC = 0,
	BLOCK_SIZE = 12,
	FRAGMENTS = 16,
	COMPRESSION = 20,
	BLOCK_LOG = 22,
	IDS = 26,
	MAJOR = 28,
	MINOR = 30,
	ROOT = 32,
	END = 40,
	ID_TABLE = 48,
	INODE_TABLE = 64,
	DIRECTORY_TABLE = 72,
	FRAGMENT_TABLE = 80,
};

struct change {
	enum field field;
	size_t width;
	uint64_t value;
	const char *text;
};

static int pack_plain(void **state)
{
	struct fixture *fixture;

	if (fixture_make(state) < 0)
		return -1;
	fixture = *state;
	fixture_file(fixture, "text", 10000);
	fixture_file(fixture, "text-in-a-fragment", 100);
	return 0;
}

/* Each change alone is refused, and undoing it makes the image good again. */
static void assert_refused(struct fixture *fixture,
	const struct change *changes, size_t count)
{
	uint64_t before;
	size_t i;

	fixture_pack(fixture, FIXTURE_PLAIN "-nopad");
	for (i = 0; i < count; i++) {
		before = fixture_get(fixture, changes[i].field,
			changes[i].width);
		fixture_put(fixture, changes[i].field, changes[i].width,
			changes[i].value);
		if (!strstr(fixture_open_error(fixture), changes[i].text))
			fail_msg("field %d = %llx: %s", changes[i].field,
				(unsigned long long)changes[i].value,
				fixture_open_error(fixture));
		fixture_put(fixture, changes[i].field, changes[i].width,
			before);
	}
	fs_close(fixture_open(fixture));
}

#define ASSERT_REFUSED(state, changes) \
	assert_refused((state), (changes), sizeof(changes) / sizeof(*(changes)))

static void numbers_out_of_range_are_refused(void **state)
{
	static const struct change changes[] = {
		{ MAGIC, 4, 0x71736873, DAMAGED },
		{ MAJOR, 2, 3, DAMAGED },
		{ MINOR, 2, 1, DAMAGED },
		{ BLOCK_SIZE, 4, 0, DAMAGED },
		{ BLOCK_SIZE, 4, 2048, DAMAGED },
		{ BLOCK_SIZE, 4, 4097, DAMAGED },
		{ BLOCK_SIZE, 4, 8192, DAMAGED }, /* not what the log says */
		{ BLOCK_SIZE, 4, 2 << 20, DAMAGED },
		{ BLOCK_SIZE, 4, UINT32_MAX, DAMAGED },
		{ BLOCK_LOG, 2, 11, DAMAGED },
		{ BLOCK_LOG, 2, 13, DAMAGED },
		{ BLOCK_LOG, 2, 32, DAMAGED },
		{ BLOCK_LOG, 2, 44, DAMAGED }, /* 12 if a shift wraps */
		{ BLOCK_LOG, 2, UINT16_MAX, DAMAGED },
		{ IDS, 2, 0, DAMAGED },
		{ IDS, 2, UINT16_MAX, DAMAGED },
	};

	ASSERT_REFUSED(*state, changes);
}

static void positions_outside_are_refused(void **state)
{
	static const struct change changes[] = {
		{ END, 8, 0, DAMAGED },
		{ END, 8, 95, DAMAGED },
		{ END, 8, 1 << 30, DAMAGED },
		{ END, 8, UINT64_MAX, DAMAGED },
		{ INODE_TABLE, 8, 0, DAMAGED },
		{ INODE_TABLE, 8, 95, DAMAGED },
		{ INODE_TABLE, 8, 1 << 30, DAMAGED },
		{ INODE_TABLE, 8, UINT64_MAX, DAMAGED },
		{ DIRECTORY_TABLE, 8, 0, DAMAGED },
		{ DIRECTORY_TABLE, 8, 96, DAMAGED }, /* before the inodes */
		{ DIRECTORY_TABLE, 8, 1 << 30, DAMAGED },
		{ DIRECTORY_TABLE, 8, UINT64_MAX, DAMAGED },
		{ ID_TABLE, 8, 0, DAMAGED },
		{ ID_TABLE, 8, 1 << 30, DAMAGED },
		{ ID_TABLE, 8, UINT64_MAX - 7, DAMAGED },
		{ ID_TABLE, 8, 96, DAMAGED }, /* file data, not an index */
		{ FRAGMENT_TABLE, 8, 0, DAMAGED },
		{ FRAGMENT_TABLE, 8, 1 << 30, DAMAGED },
		{ FRAGMENT_TABLE, 8, UINT64_MAX, DAMAGED },
		{ FRAGMENTS, 4, UINT32_MAX, DAMAGED },
	};

	ASSERT_REFUSED(*state, changes);
}

static void root_has_to_be_a_directory(void **state)
{
	static const struct change changes[] = {
		{ ROOT, 8, 0, NO_ROOT }, /* the first inode: a file */
		{ ROOT, 8, 8191, NO_ROOT },
		{ ROOT, 8, UINT16_MAX, NO_ROOT },
		{ ROOT, 8, 1ULL << 40, NO_ROOT },
		{ ROOT, 8, 1ULL << 48, NO_ROOT },
		{ ROOT, 8, UINT64_MAX, NO_ROOT },
	};

	ASSERT_REFUSED(*state, changes);
}

static void unknown_compressors_are_named(void **state)
{
	static const struct change changes[] = {
		{ COMPRESSION, 2, 2, "compressed with lzma, which cannot be" },
	};

	ASSERT_REFUSED(*state, changes);
}

static void truncated_image_is_refused(void **state)
{
	struct fixture *fixture = *state;
	uint64_t size;

	fixture_pack(fixture, FIXTURE_PLAIN "-nopad");
	size = fixture_get(fixture, END, 8);
	for (size--; size > 0; size -= size / 3 + 1) {
		assert_int_equal(truncate(fixture->image, size), 0);
		assert_non_null(strstr(fixture_open_error(fixture), DAMAGED));
	}
}

static void statfs_tells_what_the_superblock_says(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	struct statvfs st;
	uint64_t end;

	fixture_pack(fixture, "-b 16K");
	end = fixture_get(fixture, END, 8);
	fs = fixture_open(fixture);
	fs_statfs(fs, &st);
	assert_int_equal(st.f_bsize, 16384);
	assert_int_equal(st.f_frsize, 16384);
	assert_int_equal(st.f_blocks, (end + 16383) / 16384);
	assert_int_equal(st.f_bfree, 0);
	assert_int_equal(st.f_files, 3); /* with the root */
	assert_int_equal(st.f_namemax, NAME_MAX);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, pack_plain, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_out_of_range_are_refused),
		TEST(positions_outside_are_refused),
		TEST(root_has_to_be_a_directory),
		TEST(unknown_compressors_are_named),
		TEST(truncated_image_is_refused),
		TEST(statfs_tells_what_the_superblock_says),
	};

	return cmocka_run_group_tests_name("superblock", tests, NULL, NULL);
}
