/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a tree of files cannot show without root, or mke2fs does not write:
 * devices, times, owners, the mark of an opaque directory; and inodes that make
 * no sense.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "spank/server/ext/internal.h"
#include "tests/unit/server/ext/fixture.h"

static struct stat stat_of(struct filesystem *fs, const char *path)
{
	struct stat st;

	assert_int_equal(fs_stat(fs, NULL, fixture_find(fs, path), &st), 0);
	return st;
}

static void devices_have_two_encodings(void **state)
{
	struct filesystem *fs;
	uint64_t disk;
	struct stat st;

	ext_fixture_pack(*state, "-t ext3", 4);
	ext_fixture_debugfs(*state, "mknod null c 1 3");
	ext_fixture_debugfs(*state, "mknod disk b 1 1");
	disk = ext_fixture_inode(*state, "disk") + 40;
	fixture_put(*state, disk, 4, 0);
	fixture_put(*state, disk + 4, 4, 0xfff00000 | 259 << 8 | 0xff);
	ext_fixture_debugfs(*state, "mknod whiteout c 0 0");
	fs = ext_fixture_open(*state, NULL);
	st = stat_of(fs, "null");
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_rdev, makedev(1, 3));
	assert_int_equal(st.st_size, 0);
	st = stat_of(fs, "disk");
	assert_true(S_ISBLK(st.st_mode));
	assert_int_equal(st.st_rdev, makedev(259, 1048575));
	st = stat_of(fs, "whiteout");
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_rdev, 0);
	fs_close(fs);
}

static void times_have_nanoseconds_and_34_bits(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	struct stat st;
	uint64_t inode;

	fixture_run(fixture, "echo hello >file");
	ext_fixture_pack(fixture, "-t ext4 -O ^has_journal -I 256", 4);
	inode = ext_fixture_inode(fixture, "file");
	fixture_put(fixture, inode + 8, 4, 0xffffffff); /* accessed */
	fixture_put(fixture, inode + 140, 4, 0);
	fixture_put(fixture, inode + 16, 4, 5); /* modified */
	fixture_put(fixture, inode + 136, 4, 123456789U << 2 | 2);
	fixture_put(fixture, inode + 12, 4, 7); /* changed */
	fixture_put(fixture, inode + 132, 4, 0xfffffffc);
	fs = ext_fixture_open(fixture, NULL);
	st = stat_of(fs, "file");
	assert_int_equal(st.st_atim.tv_sec, -1);
	assert_int_equal(st.st_atim.tv_nsec, 0);
	assert_int_equal(st.st_mtim.tv_sec, 5 + (2LL << 32));
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	assert_int_equal(st.st_ctim.tv_sec, 7);
	assert_int_equal(st.st_ctim.tv_nsec, 999999999);
	fs_close(fs);
	/* The inode says that it has fewer fields. */
	fixture_put(fixture, inode + 128, 2, 4);
	fs = ext_fixture_open(fixture, NULL);
	st = stat_of(fs, "file");
	assert_int_equal(st.st_mtim.tv_sec, 5);
	assert_int_equal(st.st_mtim.tv_nsec, 0);
	fs_close(fs);
}

static void ids_and_sectors_have_high_halves(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	struct stat st;
	uint64_t inode;

	fixture_run(fixture, "echo hello >file");
	ext_fixture_pack(fixture, "-t ext4 -O ^has_journal", 4);
	inode = ext_fixture_inode(fixture, "file");
	fixture_put(fixture, inode + 2, 2, 0x5678);
	fixture_put(fixture, inode + 120, 2, 0x1234);
	fixture_put(fixture, inode + 24, 2, 0xfffe);
	fixture_put(fixture, inode + 122, 2, 0xffff);
	fixture_put(fixture, inode + 116, 2, 1);
	fs = ext_fixture_open(fixture, NULL);
	st = stat_of(fs, "file");
	assert_int_equal(st.st_uid, 0x12345678);
	assert_int_equal(st.st_gid, 0xfffffffe);
	assert_int_equal(st.st_blocks & ~0xffLL, 1LL << 32);
	fs_close(fs);
	/* In blocks of the file system. */
	fixture_put(fixture, inode + 32, 4,
		fixture_get(fixture, inode + 32, 4) | EXT_FLAG_HUGE_FILE);
	fixture_put(fixture, inode + 28, 4, 3);
	fs = ext_fixture_open(fixture, NULL);
	st = stat_of(fs, "file");
	assert_int_equal(st.st_blocks,
		((1LL << 32) + 3) *
			((1024 << fixture_get(fixture, EXT_SUPER(24), 4)) /
				512));
	fs_close(fs);
}

static int opaque(struct filesystem *fs, const char *path)
{
	return fs_is_opaque(fs, NULL, fixture_find(fs, path));
}

/* In a large inode, or in a block of their own. */
static void opaque_directories_are_known(void **state)
{
	static const char *const sizes[] = { "-I 256", "-I 128" };
	struct fixture *fixture = *state;
	struct filesystem *fs;
	char options[64];
	size_t i;

	fixture_run(fixture,
		"mkdir plain trusted user fuse other long && : >file");
	for (i = 0; i < 2; i++) {
		snprintf(options, sizeof(options), "-t ext4 -O ^has_journal %s",
			sizes[i]);
		ext_fixture_pack(fixture, options, 4);
		ext_fixture_debugfs(fixture,
			"ea_set trusted user.first some-value");
		ext_fixture_debugfs(fixture,
			"ea_set trusted trusted.overlay.opaque y");
		ext_fixture_debugfs(fixture,
			"ea_set user user.overlay.opaque y");
		ext_fixture_debugfs(fixture,
			"ea_set fuse user.fuseoverlayfs.opaque y");
		ext_fixture_debugfs(fixture,
			"ea_set other trusted.overlay.opaque n");
		ext_fixture_debugfs(fixture,
			"ea_set other security.overlay.opaque y");
		ext_fixture_debugfs(fixture,
			"ea_set long trusted.overlay.opaque yy");
		fs = ext_fixture_open(fixture, NULL);
		assert_int_equal(opaque(fs, "plain"), 0);
		assert_int_equal(opaque(fs, "trusted"), 1);
		assert_int_equal(opaque(fs, "user"), 1);
		assert_int_equal(opaque(fs, "fuse"), 1);
		assert_int_equal(opaque(fs, "other"), 0);
		assert_int_equal(opaque(fs, "long"), 0);
		assert_int_equal(opaque(fs, "file"), -1);
		assert_int_equal(errno, ENOTDIR);
		fs_close(fs);
	}
}

static void assert_damaged(const struct fixture *fixture, uint64_t position,
	size_t width, uint64_t value)
{
	uint64_t before = fixture_get(fixture, position, width);
	struct filesystem *fs;
	struct stat st;

	fixture_put(fixture, position, width, value);
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(fs_stat(fs, NULL, fixture_find(fs, "file"), &st), -1);
	assert_int_equal(errno, EIO);
	fs_close(fs);
	fixture_put(fixture, position, width, before);
}

static void nonsense_is_an_error(void **state)
{
	static const uint64_t refs[] = { 0, 1, 3, 8, 10, 1000000, 1ULL << 32,
		(1ULL << 32) + 2, UINT64_MAX };
	struct fixture *fixture = *state;
	struct filesystem *fs;
	struct stat st;
	uint64_t inode, descriptors;
	size_t i;

	fixture_run(fixture, "echo hello >file");
	ext_fixture_pack(fixture, "-t ext4 -O ^has_journal -I 256 -b 1024", 4);
	inode = ext_fixture_inode(fixture, "file");
	assert_damaged(fixture, inode, 2, 0); /* mode */
	assert_damaged(fixture, inode, 2, 0x3000);
	assert_damaged(fixture, inode + 26, 2, 0);           /* links */
	assert_damaged(fixture, inode + 108, 4, 0x80000000); /* size */
	assert_damaged(fixture, inode + 128, 2, 2);          /* fields */
	assert_damaged(fixture, inode + 128, 2, 132);
	fs = ext_fixture_open(fixture, NULL);
	for (i = 0; i < sizeof(refs) / sizeof(refs[0]); i++) {
		assert_int_equal(fs_stat(fs, NULL, refs[i], &st), -1);
		assert_int_equal(errno, EIO);
	}
	fs_close(fs);
	/* The table of inodes lies nowhere. */
	descriptors = 2048;
	fixture_put(fixture, descriptors + 8, 4, 0);
	assert_non_null(strstr(ext_fixture_open_error(fixture), "the root"));
	fixture_put(fixture, descriptors + 8, 4, 4096);
	assert_non_null(strstr(ext_fixture_open_error(fixture), "the root"));
}

static void links_have_a_length(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	char target[PATH_MAX];
	uint64_t ref;

	fixture_run(fixture, "ln -s $(printf %0100d 0) slow && ln -s x fast");
	ext_fixture_pack(fixture, "-t ext2", 4);
	fs = ext_fixture_open(fixture, NULL);
	ref = fixture_find(fs, "slow");
	assert_int_equal(fs_readlink(fs, NULL, ref, target, 101), 0);
	assert_int_equal(strlen(target), 100);
	assert_int_equal(fs_readlink(fs, NULL, ref, target, 100), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	ref = fixture_find(fs, "fast");
	assert_int_equal(fs_readlink(fs, NULL, ref, target, 2), 0);
	assert_string_equal(target, "x");
	assert_int_equal(fs_readlink(fs, NULL, ref, target, 1), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	fs_close(fs);
	/* A block that the file system does not have. */
	fixture_put(fixture, ext_fixture_inode(fixture, "slow") + 40, 4,
		0x7fffffff);
	fs = ext_fixture_open(fixture, NULL);
	assert_int_equal(fs_readlink(fs, NULL, fixture_find(fs, "slow"), target,
				 sizeof(target)),
		-1);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(devices_have_two_encodings),
		TEST(times_have_nanoseconds_and_34_bits),
		TEST(ids_and_sectors_have_high_halves),
		TEST(opaque_directories_are_known),
		TEST(nonsense_is_an_error),
		TEST(links_have_a_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
