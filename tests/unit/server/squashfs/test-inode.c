/* SPDX-License-Identifier: BSD-3-Clause */
/* stat and readlink of inodes of all types; inodes that do not make sense. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/server/squashfs/fixture.h"

/* Of every inode. */
#define TYPE   0
#define MODE   2
#define UID    4
#define NUMBER 12
/* Of what follows, by type. */
#define REG_START       16
#define REG_SIZE        28
#define LREG_SIZE       24
#define LREG_SPARSE     32
#define LINK_SIZE       20
#define DEVICE          20
#define TYPES           14
#define EXTENDED(basic) ((basic) + 7)

static struct filesystem *fs;

/* One node of each type; pseudo files need no root. */
static void pack_all_types(struct fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fixture_file(fixture, "file", 5000);
	fixture_run(fixture,
		"mkdir dir dir/sub && ln -s target/of/link link && "
		"mkfifo fifo && chmod 2640 file && chmod 1711 dir && "
		"truncate -s 1M sparse && "
		"touch -h -d @1000000000 file dir link fifo");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
		fixture->tree);
	assert_int_equal(bind(fd, (void *)&address, sizeof(address)), 0);
	close(fd);
	fixture_pack(fixture,
		FIXTURE_PLAIN "-p 'char c 620 11 22 4095 1048575' "
			      "-p 'block b 660 33 44 259 70000' "
			      "-p 'file m 2640 55 66'");
}

static struct stat stat_of(const char *name)
{
	struct stat st;

	assert_int_equal(fs_stat(fs, NULL, fixture_find(fs, name), &st), 0);
	return st;
}

static void stat_tells_mode_owner_and_time(void **state)
{
	struct stat st;

	pack_all_types(*state);
	fs = fixture_open(*state);
	st = stat_of("file");
	assert_int_equal(st.st_mode, S_IFREG | 02640);
	assert_int_equal(st.st_uid, 55);
	assert_int_equal(st.st_gid, 66);
	assert_int_equal(st.st_size, 5000);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(st.st_blocks, 10);
	assert_int_equal(st.st_mtime, 1000000000);
	assert_int_equal(st.st_ctime, 1000000000);
	assert_int_equal(st.st_atime, 1000000000);
	st = stat_of("dir");
	assert_int_equal(st.st_mode, S_IFDIR | 01711);
	assert_int_equal(st.st_nlink, 3);
	st = stat_of("link");
	assert_int_equal(st.st_mode & S_IFMT, S_IFLNK);
	assert_int_equal(st.st_size, strlen("target/of/link"));
	st = stat_of("fifo");
	assert_int_equal(st.st_mode & S_IFMT, S_IFIFO);
	st = stat_of("socket");
	assert_int_equal(st.st_mode & S_IFMT, S_IFSOCK);
	st = stat_of("sparse");
	assert_int_equal(st.st_size, 1 << 20);
	assert_in_range(st.st_blocks, 0, 1); /* mksquashfs leaves a byte */
	fs_close(fs);
}

static void devices_have_their_whole_numbers(void **state)
{
	struct stat st;

	pack_all_types(*state);
	fs = fixture_open(*state);
	st = stat_of("char");
	assert_int_equal(st.st_mode, S_IFCHR | 0620);
	assert_int_equal(st.st_uid, 11);
	assert_int_equal(st.st_gid, 22);
	assert_int_equal(major(st.st_rdev), 4095);
	assert_int_equal(minor(st.st_rdev), 1048575);
	st = stat_of("block");
	assert_int_equal(st.st_mode, S_IFBLK | 0660);
	assert_int_equal(major(st.st_rdev), 259);
	assert_int_equal(minor(st.st_rdev), 70000);
	fs_close(fs);
}

/* For these types the extended form begins like the basic one. */
static void extended_forms_are_read_too(void **state)
{
	static const char *const names[] = { "link", "char", "block", "fifo",
		"socket" };
	struct fixture *fixture = *state;
	struct stat before, after;
	char target[PATH_MAX];
	uint64_t at;
	size_t i;

	pack_all_types(fixture);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fs = fixture_open(fixture);
		before = stat_of(names[i]);
		at = fixture_inode(fixture, fixture_find(fs, names[i]));
		fs_close(fs);
		assert_in_range(fixture_get(fixture, at + TYPE, 2), 3, 7);
		fixture_put(fixture, at + TYPE, 2,
			EXTENDED(fixture_get(fixture, at + TYPE, 2)));
		fs = fixture_open(fixture);
		after = stat_of(names[i]);
		assert_memory_equal(&before, &after, sizeof(before));
		if (S_ISLNK(after.st_mode)) {
			assert_int_equal(fs_readlink(fs, NULL,
						 fixture_find(fs, "link"),
						 target, sizeof(target)),
				0);
			assert_string_equal(target, "target/of/link");
		}
		fs_close(fs);
	}
}

static void readlink_wants_room_for_the_nul(void **state)
{
	const size_t length = strlen("target/of/link");
	char target[PATH_MAX];
	uint64_t link;

	pack_all_types(*state);
	fs = fixture_open(*state);
	link = fixture_find(fs, "link");
	assert_int_equal(fs_readlink(fs, NULL, link, target, length + 1), 0);
	assert_string_equal(target, "target/of/link");
	assert_int_equal(fs_readlink(fs, NULL, link, target, length), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(fs_readlink(fs, NULL, link, target, 0), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(fs_readlink(fs, NULL, fixture_find(fs, "file"), target,
				 sizeof(target)),
		-1);
	assert_int_equal(errno, EINVAL);
	fs_close(fs);
}

static void references_may_be_anything(void **state)
{
	struct fixture *fixture = *state;
	struct fs_data data;
	char buffer[PATH_MAX];
	uint64_t ref, found;
	struct stat st;
	ino_t number;
	int i;

	pack_all_types(fixture);
	fs = fixture_open(fixture);
	/* The last is 0xffff: behind the end of the first block. */
	for (i = 0; i <= 48; i++) {
		ref = ~0ULL >> i;
		assert_int_equal(fs_stat(fs, NULL, ref, &st), -1);
		assert_int_equal(errno, EIO);
		assert_int_equal(
			fs_readlink(fs, NULL, ref, buffer, sizeof(buffer)), -1);
		assert_int_equal(fs_lookup(fs, NULL, ref, "file", &found), -1);
		assert_int_equal(fs_parent_number(fs, NULL, ref, &number), -1);
		assert_int_equal(fs_read(fs, NULL, ref, 0, sizeof(buffer),
					 buffer, &data),
			READ_ERROR);
		assert_int_equal(errno, EIO);
	}
	fs_close(fs);
}

struct change {
	const char *name;
	unsigned int offset;
	size_t width;
	uint64_t value;
};

static void assert_corrupt(struct fixture *fixture,
	const struct change *changes, size_t count)
{
	uint64_t ref, at, before;
	struct stat st;
	size_t i;

	for (i = 0; i < count; i++) {
		fs = fixture_open(fixture);
		ref = fixture_find(fs, changes[i].name);
		fs_close(fs);
		at = fixture_inode(fixture, ref) + changes[i].offset;
		before = fixture_get(fixture, at, changes[i].width);
		fixture_put(fixture, at, changes[i].width, changes[i].value);
		fs = fixture_open(fixture);
		errno = 0;
		if (fs_stat(fs, NULL, ref, &st) == 0 || errno != EIO)
			fail_msg("%s: %u = %llx", changes[i].name,
				changes[i].offset,
				(unsigned long long)changes[i].value);
		fs_close(fs);
		fixture_put(fixture, at, changes[i].width, before);
	}
}

static void nonsense_in_an_inode_is_an_error(void **state)
{
	static const struct change changes[] = {
		{ "file", TYPE, 2, 0 },
		{ "file", TYPE, 2, TYPES + 1 },
		{ "file", TYPE, 2, 0x8002 },
		/* The mode may say the type once more, but no other one. */
		{ "file", MODE, 2, S_IFDIR | 0644 },
		{ "file", MODE, 2, 0xffff },
		{ "link", MODE, 2, S_IFREG | 0777 },
		{ "file", UID, 2, 1000 }, /* of three or so */
		{ "file", UID + 2, 2, UINT16_MAX },
		{ "sparse", LREG_SIZE, 8, 1ULL << 63 },
		{ "sparse", LREG_SIZE, 8, UINT64_MAX },
		{ "link", LINK_SIZE, 4, PATH_MAX },
		{ "link", LINK_SIZE, 4, UINT32_MAX },
	};

	pack_all_types(*state);
	assert_corrupt(*state, changes, sizeof(changes) / sizeof(*changes));
}

static void mode_may_say_the_type(void **state)
{
	struct fixture *fixture = *state;
	struct stat st;
	uint64_t ref;

	pack_all_types(fixture);
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "file");
	fs_close(fs);
	fixture_put(fixture, fixture_inode(fixture, ref) + MODE, 2,
		S_IFREG | 0751);
	fs = fixture_open(fixture);
	assert_int_equal(fs_stat(fs, NULL, ref, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0751);
	fs_close(fs);
}

static void more_holes_than_bytes_are_no_blocks(void **state)
{
	struct fixture *fixture = *state;
	uint64_t at;

	pack_all_types(fixture);
	fs = fixture_open(fixture);
	at = fixture_inode(fixture, fixture_find(fs, "sparse"));
	fs_close(fs);
	fixture_put(fixture, at + LREG_SPARSE, 8, UINT64_MAX);
	fs = fixture_open(fixture);
	assert_int_equal(stat_of("sparse").st_blocks, 0);
	fs_close(fs);
}

/* The target would run past the end of the metadata. */
static void link_beyond_the_metadata_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	char target[PATH_MAX];
	uint64_t at;

	pack_all_types(fixture);
	fs = fixture_open(fixture);
	at = fixture_inode(fixture, fixture_find(fs, "link"));
	fs_close(fs);
	fixture_put(fixture, at + LINK_SIZE, 4, PATH_MAX - 1);
	fs = fixture_open(fixture);
	errno = 0;
	assert_int_equal(fs_readlink(fs, NULL, fixture_find(fs, "link"), target,
				 sizeof(target)),
		-1);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

static void every_directory_knows_its_parent(void **state)
{
	struct fixture *fixture = *state;
	uint64_t root;
	ino_t number;

	pack_all_types(fixture);
	fs = fixture_open(fixture);
	root = fs->root;
	assert_int_equal(fs_parent_number(fs, NULL, root, &number), 0);
	assert_int_equal(number, stat_of("").st_ino);
	assert_int_equal(
		fs_parent_number(fs, NULL, fixture_find(fs, "dir"), &number),
		0);
	assert_int_equal(number, stat_of("").st_ino);
	assert_int_equal(fs_parent_number(fs, NULL, fixture_find(fs, "dir/sub"),
				 &number),
		0);
	assert_int_equal(number, stat_of("dir").st_ino);
	assert_int_equal(
		fs_parent_number(fs, NULL, fixture_find(fs, "file"), &number),
		-1);
	assert_int_equal(errno, ENOTDIR);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stat_tells_mode_owner_and_time),
		TEST(devices_have_their_whole_numbers),
		TEST(extended_forms_are_read_too),
		TEST(readlink_wants_room_for_the_nul),
		TEST(references_may_be_anything),
		TEST(nonsense_in_an_inode_is_an_error),
		TEST(mode_may_say_the_type),
		TEST(more_holes_than_bytes_are_no_blocks),
		TEST(link_beyond_the_metadata_is_an_error),
		TEST(every_directory_knows_its_parent),
	};

	return cmocka_run_group_tests_name("inode", tests, NULL, NULL);
}
