/* SPDX-License-Identifier: BSD-3-Clause */
/* What ext_open() refuses, field by field; and statfs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spank/server/ext/ext.h"
#include "spank/server/ext/format.h"
#include "tests/unit/server/ext/fixture.h"

#define STATE    EXT_SUPER(58)
#define COMPAT   EXT_SUPER(92)
#define INCOMPAT EXT_SUPER(96)

struct change {
	uint64_t position;
	size_t width;
	uint64_t value;
	const char *sentence; /* a part of it; "" if it is not refused */
};

/* Change one number at a time. */
static void assert_refused(const struct fixture *fixture,
	const struct change *changes, size_t count)
{
	uint64_t before;
	const char *text;
	size_t i;

	for (i = 0; i < count; i++) {
		before = fixture_get(fixture, changes[i].position,
			changes[i].width);
		fixture_put(fixture, changes[i].position, changes[i].width,
			changes[i].value);
		text = ext_fixture_open_error(fixture);
		if (*changes[i].sentence ? !strstr(text, changes[i].sentence)
					 : *text)
			fail_msg("change %zu: '%s'", i, text);
		fixture_put(fixture, changes[i].position, changes[i].width,
			before);
	}
	assert_string_equal(ext_fixture_open_error(fixture), "");
}

#define NONSENSE "its ext file system does not make sense"

static void nonsense_is_refused(void **state)
{
	static const struct change changes[] = {
		{ EXT_SUPER(56), 2, 0xEF54, "does not begin like ext2" },
		{ EXT_SUPER(24), 4, 7, NONSENSE }, /* block size */
		{ EXT_SUPER(24), 4, 0xffffffff, NONSENSE },
		{ EXT_SUPER(20), 4, 2, NONSENSE }, /* first block */
		{ EXT_SUPER(4), 4, 0, NONSENSE },  /* blocks */
		{ EXT_SUPER(32), 4, 0, NONSENSE }, /* per group */
		{ EXT_SUPER(40), 4, 0, NONSENSE }, /* inodes per group */
		{ EXT_SUPER(40), 4, 8 * 4096 + 1, NONSENSE },
		{ EXT_SUPER(0), 4, 0, NONSENSE }, /* inodes */
		{ EXT_SUPER(0), 4, 0xffffffff, NONSENSE },
		{ EXT_SUPER(88), 2, 64, NONSENSE }, /* inode size */
		{ EXT_SUPER(88), 2, 200, NONSENSE },
		{ EXT_SUPER(88), 2, 8192, NONSENSE },
		{ EXT_SUPER(254), 2, 16, NONSENSE }, /* descriptor size */
		{ EXT_SUPER(254), 2, 96, NONSENSE },
		{ EXT_SUPER(254), 2, 8192, NONSENSE },
		{ EXT_SUPER(4), 4, 0x01000000, "it is truncated or damaged" },
		{ EXT_SUPER(336), 4, 0xffffffff, "it is truncated or damaged" },
	};

	ext_fixture_pack(*state, "-t ext4 -O ^has_journal", 8);
	assert_refused(*state, changes, sizeof(changes) / sizeof(changes[0]));
}

static void features_are_refused_by_name(void **state)
{
	/* mke2fs's own, and one more. */
	enum { EXT2 = EXT_INCOMPAT_FILETYPE };
	static const struct change changes[] = {
		{ INCOMPAT, 4, EXT2 | EXT_INCOMPAT_RECOVER, "'e2fsck -f'" },
		{ INCOMPAT, 4, EXT2 | EXT_INCOMPAT_ENCRYPT, "-O encrypt" },
		{ INCOMPAT, 4, EXT2 | EXT_INCOMPAT_CASEFOLD, "-O casefold" },
		{ INCOMPAT, 4, EXT2 | EXT_INCOMPAT_JOURNAL_DEV,
			"external journal" },
		{ INCOMPAT, 4, EXT2 | 0x1000, "not supported (0x1000)" },
		{ INCOMPAT, 4, EXT2 | 0x80000000, "(0x80000000)" },
		/* Others only matter to a writer. */
		{ COMPAT, 4, 0xffffffff & ~EXT_COMPAT_SPARSE_SUPER2, "" },
		{ EXT_SUPER(100), 4, 0xffffffff, "" },
	};

	ext_fixture_pack(*state, "-t ext2", 4);
	assert_refused(*state, changes, sizeof(changes) / sizeof(changes[0]));
}

/* Of ext2 nothing else tells, nor of ext3 that fuse2fs writes to. */
static void unclean_state_is_refused(void **state)
{
	static const struct change changes[] = { { STATE, 2, 0, "e2fsck" },
		{ STATE, 2, 2, "e2fsck" }, { STATE, 2, 3, "" } };

	ext_fixture_pack(*state, "-t ext2", 4);
	assert_refused(*state, changes, 3);
	ext_fixture_pack(*state, "-t ext3", 4);
	assert_refused(*state, changes, 3);
}

/* The cure that the sentence names works. */
static void e2fsck_makes_it_usable(void **state)
{
	ext_fixture_pack(*state, "-t ext3", 4);
	ext_fixture_debugfs(*state, "feature +needs_recovery");
	assert_non_null(strstr(ext_fixture_open_error(*state), "'e2fsck -f'"));
	ext_fixture_tool(*state, "e2fsck -f -y");
	assert_string_equal(ext_fixture_open_error(*state), "");
}

static void root_must_be_a_directory(void **state)
{
	uint64_t inode;

	ext_fixture_pack(*state, "-t ext2", 4);
	inode = ext_fixture_inode(*state, "/");
	fixture_put(*state, inode, 2, S_IFREG | 0644);
	assert_non_null(strstr(ext_fixture_open_error(*state),
		"the root of its file system cannot be read"));
	fixture_put(*state, inode, 2, 0);
	assert_non_null(strstr(ext_fixture_open_error(*state),
		"the root of its file system cannot be read"));
}

static void partition_is_all_that_is_read(void **state)
{
	struct fixture *fixture = *state;
	struct sif_partition partition = { .offset = 31, .kind = SIF_EXT };
	struct read_context nowait = { READ_NOWAIT, NULL, NULL };
	struct fs_data data;
	struct filesystem *fs;
	struct error err = { 0 };
	char bytes[8];
	int fd;

	fixture_run(fixture, "echo hello >file");
	ext_fixture_pack(fixture, "-t ext2", 4);
	fixture_run(fixture,
		"cd .. && { printf %031d 0; cat image; echo; } >image2 && "
		"mv image2 image");
	fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
	partition.size = 4 << 20;
	assert_int_equal(ext_open(&fd, &partition, NULL, &fs, &err), 0);
	assert_int_equal(fs_read(fs, &nowait, fixture_find(fs, "file"), 0,
				 sizeof(bytes), bytes, &data),
		READ_STORED);
	assert_int_equal(data.size, 6);
	assert_int_equal(pread(fs->fd, bytes, 6, data.stored_offset), 6);
	assert_memory_equal(bytes, "hello\n", 6);
	fs_close(fs);
	/* One byte less, though it is in the file. */
	fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
	partition.size--;
	assert_int_equal(ext_open(&fd, &partition, NULL, &fs, &err), -1);
	assert_true(fd >= 0);
	close(fd);
}

static void statfs_has_the_superblocks_sizes(void **state)
{
	struct filesystem *fs;
	struct statvfs st;

	ext_fixture_pack(*state, "-t ext4 -O ^has_journal -b 2048 -N 128", 8);
	fs = ext_fixture_open(*state, NULL);
	fs_statfs(fs, &st);
	assert_int_equal(st.f_bsize, 2048);
	assert_int_equal(st.f_blocks, 4096);
	assert_int_equal(st.f_files, 128);
	assert_int_equal(st.f_namemax, 255);
	assert_int_equal(st.f_bfree, 0);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nonsense_is_refused),
		TEST(features_are_refused_by_name),
		TEST(unclean_state_is_refused),
		TEST(e2fsck_makes_it_usable),
		TEST(root_must_be_a_directory),
		TEST(partition_is_all_that_is_read),
		TEST(statfs_has_the_superblocks_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
