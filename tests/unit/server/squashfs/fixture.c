/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/server/squashfs/fixture.h"

#define NOT_FOUND           127 /* the shell's status */
#define INODE_TABLE_AT      64  /* in the superblock */
#define METADATA_HEADER     2
#define METADATA_BLOCK_SIZE 8192

int fixture_make(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const char *temporary = getenv("TMPDIR");

	if (!fixture)
		return -1;
	*state = fixture;
	snprintf(fixture->directory, sizeof(fixture->directory),
		"%s/spank-sif-XXXXXX",
		temporary && strlen(temporary) < 40 ? temporary : "/tmp");
	if (!mkdtemp(fixture->directory))
		return -1;
	snprintf(fixture->tree, sizeof(fixture->tree), "%s/tree",
		fixture->directory);
	snprintf(fixture->image, sizeof(fixture->image), "%s/image",
		fixture->directory);
	return mkdir(fixture->tree, 0755);
}

static int remove_one(const char *path, const struct stat *st, int type,
	struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

int fixture_remove(void **state)
{
	struct fixture *fixture = *state;
	int rc = nftw(fixture->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(fixture);
	return rc;
}

void fixture_file(const struct fixture *fixture, const char *name, size_t size)
{
	uint64_t random = size * 0x9e3779b97f4a7c15ULL + 1;
	char path[256];
	FILE *file;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", fixture->tree, name);
	file = fopen(path, "w");
	assert_non_null(file);
	for (i = 0; i < size; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		putc(name[0] == 'r'      ? (int)(random & 0xff)
			: name[0] == 'z' ? 0
					 : (int)('a' + random % 4),
			file);
	}
	assert_int_equal(fclose(file), 0);
}

void fixture_many(const struct fixture *fixture, const char *folder, int count)
{
	char path[256];
	int i, fd;

	snprintf(path, sizeof(path), "%s/%s", fixture->tree, folder);
	assert_int_equal(mkdir(path, 0755), 0);
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s/entry-%04d-and-so-on",
			fixture->tree, folder, i);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
}

void fixture_run(const struct fixture *fixture, const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd '%s' && %s", fixture->tree, command);
	assert_int_equal(system(line), 0);
}

static bool log_says(const struct fixture *fixture, const char *words)
{
	char line[256];

	snprintf(line, sizeof(line), "grep -q '%s' '%s/log'", words,
		fixture->directory);
	return system(line) == 0;
}

void fixture_pack(const struct fixture *fixture, const char *options)
{
	char line[1024];
	int status;

	snprintf(line, sizeof(line),
		"cd '%s' && rm -f image && mksquashfs tree image %s "
		"-noappend -quiet -no-progress >log 2>&1",
		fixture->directory, options);
	status = system(line);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND) {
		print_message("# there is no mksquashfs\n");
		skip();
	}
	if (status && log_says(fixture, "ompressor .* is not supported")) {
		print_message("# mksquashfs cannot do '%s'\n", options);
		skip();
	}
	assert_int_equal(status, 0);
}

static int open_image(const struct fixture *fixture, struct filesystem **fs,
	struct error *err)
{
	struct sif_partition partition = { 0 };
	int fd = open(fixture->image, O_RDONLY | O_CLOEXEC), rc;

	assert_true(fd >= 0);
	partition.size = lseek(fd, 0, SEEK_END);
	rc = squash_open(&fd, &partition, fs, err);
	if (rc < 0)
		close(fd);
	return rc;
}

struct filesystem *fixture_open(const struct fixture *fixture)
{
	struct filesystem *fs;
	struct error err = { 0 };

	if (open_image(fixture, &fs, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(fs_set_cache(fs, 1 << 20, 1), 0);
	return fs;
}

const char *fixture_open_error(const struct fixture *fixture)
{
	static struct error err;
	struct filesystem *fs;

	err = (struct error){ 0 };
	if (open_image(fixture, &fs, &err) == 0)
		fs_close(fs);
	return err.text;
}

uint64_t fixture_find(struct filesystem *fs, const char *path)
{
	uint64_t ref = fs->root;
	char name[NAME_MAX + 1];
	size_t length;

	for (; *path; path += length + (path[length] == '/')) {
		length = strcspn(path, "/");
		snprintf(name, sizeof(name), "%.*s", (int)length, path);
		assert_int_equal(fs_lookup(fs, NULL, ref, name, &ref), 0);
	}
	return ref;
}

static size_t read_tree(const struct fixture *fixture, const char *name,
	uint64_t offset, size_t size, unsigned char *expected)
{
	char path[256];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", fixture->tree, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	got = pread(fd, expected, size, offset);
	close(fd);
	assert_true(got >= 0);
	return got;
}

enum read_result fixture_read(struct filesystem *fs,
	const struct fixture *fixture, const char *name,
	struct read_context *context, uint64_t offset, size_t size)
{
	static unsigned char buffer[FS_READ_MAX], expected[FS_READ_MAX];
	struct fs_data data;
	enum read_result result = fs_read(fs, context, fixture_find(fs, name),
		offset, size, buffer, &data);
	size_t there = read_tree(fixture, name, offset, size, expected);

	assert_int_equal(data.size, there);
	if (result == READ_STORED) {
		assert_int_equal(
			pread(fs->fd, buffer, data.size, data.stored_offset),
			there);
		data.bytes = buffer;
	}
	if (result == READ_STORED || result == READ_DATA)
		assert_memory_equal(data.bytes, expected, there);
	fs_release(fs, &data);
	assert_null(data.held);
	return result;
}

uint64_t fixture_get(const struct fixture *fixture, uint64_t offset,
	size_t width)
{
	int fd = open(fixture->image, O_RDONLY | O_CLOEXEC);
	unsigned char bytes[8] = { 0 };
	uint64_t value = 0;

	assert_int_equal(pread(fd, bytes, width, offset), width);
	close(fd);
	while (width-- > 0)
		value = value << 8 | bytes[width];
	return value;
}

void fixture_put(const struct fixture *fixture, uint64_t offset, size_t width,
	uint64_t value)
{
	int fd = open(fixture->image, O_WRONLY | O_CLOEXEC);
	unsigned char bytes[8];
	size_t i;

	for (i = 0; i < width; i++)
		bytes[i] = value >> 8 * i;
	assert_int_equal(pwrite(fd, bytes, width, offset), width);
	close(fd);
}

uint64_t fixture_inode(const struct fixture *fixture, uint64_t ref)
{
	return fixture_get(fixture, INODE_TABLE_AT, 8) + (ref >> 16) +
	       METADATA_HEADER + (ref & 0xffff);
}
