/* SPDX-License-Identifier: BSD-3-Clause */
/* The reader on libsquashfuse shows what the builtin one shows. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "common/cleanup.h"
#include "tests/fuzz/compare.h"
#include "tests/lib/sif-find.h"
#include "tests/unit/server/squashfs/fixture.h"

#define BLOCK   4096
#define THREADS 4

static void fill_tree(const struct fixture *fixture)
{
	fixture_file(fixture, "random", 3 * BLOCK + 100);
	fixture_file(fixture, "text", 100 * BLOCK);
	fixture_file(fixture, "tail", 70);
	fixture_many(fixture, "many", 3000);
	fixture_run(fixture,
		"mkdir -p deep/er && ln text deep/er/hard && mkfifo fifo && "
		"ln -s deep/er/hard link && truncate -s 9M sparse && "
		"echo end >>sparse && : >$(printf %0255d 0) && chmod 4711 tail && "
		"{ setfattr -n user.overlay.opaque -v y deep || :; }");
}

static void both_readers_show_the_same(void **state)
{
	static const char *const options[] = { "", "-b 4096", "-b 1M",
		FIXTURE_PLAIN, "-always-use-fragments", "-no-fragments",
		"-comp zstd -b 16K", "-no-exports -no-xattrs -no-sparse" };
	struct fixture *fixture = *state;
	size_t i;

	fill_tree(fixture);
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct comparison comparison = {
			.nodes_max = SIZE_MAX,
			.entries_max = SIZE_MAX,
			.bytes_max = 1 << 20,
		};
		CLEANUP_FD int fd = -1;

		fixture_pack(fixture, options[i]);
		fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(compare_image(fd, &comparison), 0);
		assert_int_equal(comparison.nodes, 3012);
		assert_true(comparison.bytes > 200 * BLOCK);
	}
}

static struct filesystem *open_reader(const struct fixture *fixture)
{
	CLEANUP_FD int fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
	struct sif_partition partition;
	struct filesystem *fs;
	struct error err;

	assert_int_equal(sif_find(fd, SIF_DATA, "00", &partition, &err), 0);
	assert_int_equal(squashfuse_open(&fd, &partition, &fs, &err), 0);
	assert_int_equal(fd, -1);
	return fs;
}

/* The library cannot tell whether it would have to wait. */
static void read_without_waiting_would_block(void **state)
{
	static unsigned char buffer[BLOCK];
	struct read_context nowait = { READ_NOWAIT, NULL, NULL };
	struct fs_data data;
	struct filesystem *fs;
	uint64_t ref;

	fixture_file(*state, "text", BLOCK);
	fixture_pack(*state, "");
	fs = open_reader(*state);
	assert_int_equal(fs_lookup(fs, &nowait, fs->root, "text", &ref), 0);
	assert_int_equal(fs_read(fs, &nowait, ref, 0, BLOCK, buffer, &data),
		READ_WOULD_BLOCK);
	assert_int_equal(data.size, BLOCK);
	/* At the end there is nothing to wait for. */
	assert_int_equal(fs_read(fs, &nowait, ref, BLOCK, BLOCK, buffer, &data),
		READ_DATA);
	assert_int_equal(data.size, 0);
	fs_close(fs);
}

static void what_is_not_of_the_kind_is_an_error(void **state)
{
	static unsigned char buffer[BLOCK];
	char target[PATH_MAX];
	struct fs_data data;
	struct filesystem *fs;
	uint64_t root, file;
	struct stat st;

	fixture_file(*state, "text", BLOCK);
	fixture_pack(*state, "");
	fs = open_reader(*state);
	root = fs->root;
	assert_int_equal(fs_lookup(fs, NULL, root, "text", &file), 0);
	assert_int_equal(fs_lookup(fs, NULL, root, "no", &file), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(fs_lookup(fs, NULL, file, "no", &root), -1);
	assert_int_equal(errno, ENOTDIR);
	assert_int_equal(fs_readlink(fs, NULL, file, target, sizeof(target)),
		-1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_read(fs, NULL, root, 0, BLOCK, buffer, &data),
		READ_ERROR);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fs_stat(fs, NULL, UINT64_MAX, &st), -1);
	assert_int_equal(errno, EIO);
	fs_close(fs);
}

struct work {
	struct filesystem *fs;
	uint64_t ref;
	bool failed;
};

static void *read_all(void *arg)
{
	struct work *work = arg;
	unsigned char bytes[2][BLOCK];
	struct fs_data data;
	uint64_t block;
	int i;

	for (block = 0; block < 100 && !work->failed; block++) {
		for (i = 0; i < 2; i++)
			if (fs_read(work->fs, NULL, work->ref, block * BLOCK,
				    BLOCK, bytes[i], &data) != READ_DATA)
				work->failed = true;
		if (memcmp(bytes[0], bytes[1], BLOCK) != 0)
			work->failed = true;
	}
	return NULL;
}

static void threads_read_the_same_file(void **state)
{
	struct work work[THREADS] = { 0 };
	pthread_t threads[THREADS];
	struct filesystem *fs;
	int i;

	fixture_file(*state, "text", 100 * BLOCK);
	fixture_pack(*state, "-b 4096");
	fs = open_reader(*state);
	assert_int_equal(fs_set_cache(fs, 1 << 20, THREADS), 0);
	for (i = 0; i < THREADS; i++) {
		work[i].fs = fs;
		assert_int_equal(
			fs_lookup(fs, NULL, fs->root, "text", &work[i].ref), 0);
		assert_int_equal(
			pthread_create(&threads[i], NULL, read_all, &work[i]),
			0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(work[i].failed);
	}
	assert_int_equal(fs_set_cache(fs, 0, 0), 0);
	fs_close(fs);
}

/* The library would read on in the rest of the file. */
static void nothing_outside_the_partition_is_read(void **state)
{
	CLEANUP_FD int fd = -1;
	struct sif_partition partition;
	struct filesystem *fs;
	struct error err;

	fixture_file(*state, "random", 20 * BLOCK);
	fixture_pack(*state, FIXTURE_PLAIN);
	fd = open(((struct fixture *)*state)->image, O_RDONLY | O_CLOEXEC);
	assert_int_equal(sif_find(fd, SIF_DATA, "00", &partition, &err), 0);
	partition.size = 10 * BLOCK;
	assert_int_equal(squashfuse_open(&fd, &partition, &fs, &err), -1);
	assert_true(fd >= 0);
	assert_non_null(strstr(err.text, "damaged"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_make, fixture_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_readers_show_the_same),
		TEST(read_without_waiting_would_block),
		TEST(what_is_not_of_the_kind_is_an_error),
		TEST(threads_read_the_same_file),
		TEST(nothing_outside_the_partition_is_read),
	};

	return cmocka_run_group_tests_name("readers", tests, NULL, NULL);
}
