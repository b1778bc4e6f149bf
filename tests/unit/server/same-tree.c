/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/walk-image.h"
#include "tests/unit/server/same-tree.h"

static size_t entries; /* of the tree, as nftw(3) counts them */

static int count_entry(const char *path, const struct stat *st, int type,
	struct FTW *where)
{
	(void)path;
	(void)st;
	(void)type;
	(void)where;
	entries++;
	return 0;
}

static void compare_node(const struct image_node *node, void *arg)
{
	const struct fixture *fixture = arg;
	char path[512], target[PATH_MAX] = "";
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", fixture->tree, node->path);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(node->lookup_error, 0);
	assert_int_equal(node->stat_error, 0);
	assert_int_equal(node->st.st_mode, st.st_mode);
	assert_int_equal(node->st.st_uid, st.st_uid);
	assert_int_equal(node->st.st_gid, st.st_gid);
	assert_int_equal(node->st.st_mtime, st.st_mtime);
	if (*node->path) {
		assert_int_equal(node->type, st.st_mode & S_IFMT);
		assert_int_equal(node->number, node->st.st_ino);
		assert_true(node->lookup_ref == node->ref);
	}
	assert_int_equal(node->list_error, S_ISDIR(st.st_mode) ? 0 : ENOTDIR);
	assert_int_equal(node->parent_error, S_ISDIR(st.st_mode) ? 0 : ENOTDIR);
	assert_int_equal(node->readlink_error,
		S_ISLNK(st.st_mode) ? 0 : EINVAL);
	if (S_ISDIR(st.st_mode))
		return;
	assert_int_equal(node->st.st_nlink, st.st_nlink);
	assert_int_equal(node->st.st_size, st.st_size);
	if (S_ISLNK(st.st_mode))
		assert_true(readlink(path, target, sizeof(target) - 1) > 0);
	assert_string_equal(node->target, target);
}

static void compare_bytes(const struct image_node *node, uint64_t offset,
	const void *bytes, size_t size, int error, void *arg)
{
	const struct fixture *fixture = arg;
	static unsigned char expected[FS_READ_MAX];
	char path[512];
	int fd;

	assert_int_equal(error, 0);
	snprintf(path, sizeof(path), "%s%s", fixture->tree, node->path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, expected, size, offset), size);
	close(fd);
	assert_memory_equal(bytes, expected, size);
}

void assert_same_tree(const struct fixture *fixture, struct filesystem *fs,
	size_t piece)
{
	const struct image_walk walk = {
		.fs = fs,
		.nodes_max = SIZE_MAX,
		.reads_max = SIZE_MAX,
		.piece = piece,
		.node = compare_node,
		.bytes = compare_bytes,
		.arg = (void *)fixture,
	};

	entries = 0;
	nftw(fixture->tree, count_entry, 16, FTW_PHYS);
	assert_int_equal(walk_image(&walk), entries);
}
