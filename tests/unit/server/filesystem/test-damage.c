/* SPDX-License-Identifier: BSD-3-Clause */
/* What is recorded about a damaged image. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/damage.h"
#include "spank/server/filesystem/damage.h"
#include "tests/unit/server/squashfs/fixture.h"

static const struct damage *record;

/* Once for all tests: a process has one record. */
static int share(void **state)
{
	int fd = memfd_create("record", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(fd, sizeof(*record)), 0);
	record = mmap(NULL, sizeof(*record), PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(record, MAP_FAILED);
	damage_share(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1); /* is closed */
	return 0;
}

static int open_file(const struct fixture *fixture)
{
	char path[128];
	int fd;

	fixture_file(fixture, "file", 1000);
	snprintf(path, sizeof(path), "%s/file", fixture->tree);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	damage_begin();
	damage_watch(fd);
	return fd;
}

static void first_offset_is_recorded(void **state)
{
	int fd = open_file(*state);

	assert_int_equal(record->has_offset, 0);
	damage_note(fd, 123, 0);
	damage_note(fd, 45, EIO);
	assert_int_equal(record->has_offset, 1);
	assert_int_equal(record->offset, 123);
	assert_int_equal(record->error, 0);
	/* A new image starts with an empty record. */
	damage_begin();
	assert_int_equal(record->has_offset, 0);
	damage_note(fd, 45, ENODATA);
	assert_int_equal(record->offset, 45);
	assert_int_equal(record->error, ENODATA);
	close(fd);
}

static void failures_are_counted(void **state)
{
	int fd = open_file(*state), i;

	for (i = 0; i < 5; i++)
		damage_count();
	assert_int_equal(record->failures, 5);
	assert_int_equal(record->changed, 0);
	assert_int_equal(record->size_before, 1000);
	assert_int_equal(record->size_now, 1000);
	close(fd);
}

static void written_file_is_told_from_a_touched_one(void **state)
{
	int fd = open_file(*state);

	damage_compare();
	assert_int_equal(record->changed, 0);
	fixture_run(*state, "sleep 0.02; chmod 600 file");
	damage_compare();
	assert_int_equal(record->changed, DAMAGE_TOUCHED);
	fixture_run(*state, "truncate -s 77 file");
	damage_compare();
	assert_int_equal(record->changed, DAMAGE_TOUCHED | DAMAGE_WRITTEN);
	assert_int_equal(record->size_before, 1000);
	assert_int_equal(record->size_now, 77);
	close(fd);
}

/* Of several files, the one that fails, or else one that was written to. */
static void the_file_is_named(void **state)
{
	const struct fixture *fixture = *state;
	int image = open_file(fixture), layers[2];
	char path[128];
	uint32_t i;

	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "layer%u", i);
		fixture_file(fixture, path, 2000 + i);
		snprintf(path, sizeof(path), "%s/layer%u", fixture->tree, i);
		layers[i] = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(layers[i] >= 0);
		damage_set_layer(i + 1);
		damage_watch(layers[i]);
	}
	assert_int_equal(record->file, 0);
	assert_int_equal(record->size_before, 1000);
	fixture_run(fixture,
		"sleep 0.02; chmod 600 file; truncate -s 9 layer0");
	damage_compare();
	assert_int_equal(record->file, 1);
	assert_int_equal(record->changed, DAMAGE_TOUCHED | DAMAGE_WRITTEN);
	assert_int_equal(record->size_before, 2000);
	assert_int_equal(record->size_now, 9);
	damage_note(layers[1], 77, 0);
	assert_int_equal(record->file, 2);
	assert_int_equal(record->offset, 77);
	assert_int_equal(record->size_before, 2001);
	close(image);
	close(layers[0]);
	close(layers[1]);
}

/* The server may not live to compare at its end. */
static void first_failure_compares(void **state)
{
	int fd = open_file(*state);

	fixture_run(*state, "truncate -s 5 file");
	damage_count();
	assert_int_equal(record->changed & DAMAGE_WRITTEN, DAMAGE_WRITTEN);
	assert_int_equal(record->size_now, 5);
	close(fd);
}

/* The position of the block that cannot be decompressed. */
static void reader_records_where_it_stopped(void **state)
{
	struct fixture *fixture = *state;
	struct fs_data data;
	struct filesystem *fs;
	unsigned char bytes[100];
	uint64_t ref, at, start;

	fixture_file(fixture, "random", 8192);
	damage_begin();
	fixture_pack(fixture, FIXTURE_PLAIN "-no-fragments");
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "random");
	at = fixture_inode(fixture, ref);
	start = fixture_get(fixture, at + 16, 4);
	fs_close(fs);
	fixture_put(fixture, at + 32, 4, 4096); /* not compressed */
	fs = fixture_open(fixture);
	assert_int_equal(record->has_offset, 0);
	assert_int_equal(fs_read(fs, NULL, ref, 0, sizeof(bytes), bytes, &data),
		READ_ERROR);
	assert_int_equal(record->has_offset, 1);
	assert_int_equal(record->offset, start);
	fs_close(fs);
}

/* The metadata block with the inode, where the index is. */
static void reader_records_a_damaged_index(void **state)
{
	struct fixture *fixture = *state;
	struct filesystem *fs;
	uint64_t ref, at, found;

	fixture_many(fixture, "many", 1000);
	damage_begin();
	fixture_pack(fixture, FIXTURE_PLAIN);
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "many");
	at = fixture_inode(fixture, ref);
	fs_close(fs);
	assert_int_equal(fixture_get(fixture, at, 2), 8); /* with an index */
	fixture_put(fixture, at + 40 + 8, 4, UINT32_MAX); /* a name's size */
	fs = fixture_open(fixture);
	assert_int_equal(record->has_offset, 0);
	assert_int_equal(fs_lookup(fs, NULL, ref, "entry-0999", &found), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(record->has_offset, 1);
	assert_in_range(record->offset, at - 8192, at);
	fs_close(fs);
}

static void reader_records_where_the_file_ends(void **state)
{
	struct fixture *fixture = *state;
	struct fs_data data;
	struct filesystem *fs;
	unsigned char bytes[100];
	uint64_t ref;

	fixture_file(fixture, "random", 40000);
	damage_begin();
	fixture_pack(fixture, FIXTURE_PLAIN "-no-fragments");
	fs = fixture_open(fixture);
	ref = fixture_find(fs, "random");
	assert_int_equal(truncate(fixture->image, 30000), 0);
	assert_int_equal(
		fs_read(fs, NULL, ref, 35000, sizeof(bytes), bytes, &data),
		READ_ERROR);
	assert_int_equal(record->has_offset, 1);
	assert_in_range(record->offset, 35000, 35100 + 96);
	damage_count();
	assert_int_equal(record->size_now, 30000);
	fs_close(fs);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_offset_is_recorded),
		TEST(failures_are_counted),
		TEST(written_file_is_told_from_a_touched_one),
		TEST(the_file_is_named),
		TEST(first_failure_compares),
		TEST(reader_records_where_it_stopped),
		TEST(reader_records_a_damaged_index),
		TEST(reader_records_where_the_file_ends),
	};

	return cmocka_run_group_tests_name("damage", tests, share, NULL);
}
