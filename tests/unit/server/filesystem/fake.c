/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/server/filesystem/fake.h"

/* The root is node 0, the list's are from 1 on.  Those of a directory with many
 * have the number of theirs above that. */
#define MANY_SHIFT 16
#define BLOCK_SIZE 4096
/* As the readers, it reads a limited part of a directory in one call. */
#define SCAN_MAX 60000

unsigned long fake_lookups;

struct fake {
	struct filesystem fs; /* first */
	const struct fake_node *nodes;
	size_t count;
	size_t *cache_bytes;
};

static const struct fake_node root = FAKE_DIR("");

static const struct fake_node *node_of(struct filesystem *fs, uint64_t ref)
{
	const struct fake *fake = (struct fake *)fs;
	size_t index = ref & ((1 << MANY_SHIFT) - 1);
	const struct fake_node *node;

	if (index > fake->count) {
		errno = EIO;
		return NULL;
	}
	node = index == 0 ? &root : &fake->nodes[index - 1];
	if (node->is_damaged) {
		errno = EIO;
		return NULL;
	}
	return node;
}

/* The name in the directory, or NULL if it is in another. */
static const char *name_in(const struct fake_node *directory, const char *path)
{
	size_t length = strlen(directory->path);

	if (length > 0) {
		if (strncmp(path, directory->path, length) != 0 ||
			path[length] != '/')
			return NULL;
		path += length + 1;
	}
	return strchr(path, '/') ? NULL : path;
}

static bool many_of(uint64_t ref, unsigned int *ret_number)
{
	*ret_number = ref >> MANY_SHIFT;
	return *ret_number > 0;
}

static int fake_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st)
{
	const struct fake_node *node = node_of(fs, ref);
	unsigned int number;

	(void)context;
	if (!node)
		return -1;
	*ret_st = (struct stat){
		.st_ino = ref + 100,
		.st_mode = node->type | 0755,
		.st_nlink = node->type == S_IFDIR ? 2 : 1,
		.st_size = node->text ? strlen(node->text) : 0,
	};
	if (many_of(ref, &number)) {
		ret_st->st_mode = node->many_type | 0644;
		ret_st->st_nlink = 1;
	}
	return 0;
}

static const struct fake_node *directory_of(struct filesystem *fs, uint64_t ref)
{
	const struct fake_node *node = node_of(fs, ref);

	if (node && (node->type != S_IFDIR || ref >> MANY_SHIFT)) {
		errno = ENOTDIR;
		return NULL;
	}
	return node;
}

static int fake_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref)
{
	const struct fake_node *node = directory_of(fs, directory);
	const struct fake *fake = (struct fake *)fs;
	const char *found;
	unsigned int number;
	size_t i;

	(void)context;
	__atomic_fetch_add(&fake_lookups, 1, __ATOMIC_RELAXED);
	if (!node)
		return -1;
	for (i = 0; i < fake->count; i++) {
		found = name_in(node, fake->nodes[i].path);
		if (found && strcmp(found, name) == 0) {
			*ret_ref = i + 1;
			return 0;
		}
	}
	if (sscanf(name, "entry-%7u", &number) == 1 && number < node->many) {
		*ret_ref = (number + 1ULL) << MANY_SHIFT | directory;
		return 0;
	}
	errno = ENOENT;
	return -1;
}

/* Cookies: the nodes of the list, then the many. */
static int fake_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg)
{
	const struct fake_node *node = directory_of(fs, directory);
	const struct fake *fake = (struct fake *)fs;
	size_t scanned = 0;
	struct fs_entry entry;
	const char *name;

	(void)context;
	if (!node)
		return -1;
	for (; cookie < fake->count + node->many; cookie++) {
		if (++scanned > SCAN_MAX) {
			errno = EIO;
			return -1;
		}
		entry.next = cookie + 1;
		if (cookie < fake->count) {
			name = name_in(node, fake->nodes[cookie].path);
			if (!name)
				continue;
			strcpy(entry.name, name);
			entry.ref = cookie + 1;
			entry.type = fake->nodes[cookie].type;
		} else {
			sprintf(entry.name, "entry-%07u",
				(unsigned int)(cookie - fake->count));
			entry.ref = (cookie - fake->count + 1) << MANY_SHIFT |
				    directory;
			entry.type = node->many_type;
		}
		entry.number = entry.ref + 100;
		if (!visit(&entry, arg))
			return 0;
	}
	return 0;
}

static int fake_parent_number(struct filesystem *fs,
	struct read_context *context, uint64_t directory, ino_t *ret_number)
{
	const struct fake_node *node = directory_of(fs, directory);
	const struct fake *fake = (struct fake *)fs;
	const char *slash = node ? strrchr(node->path, '/') : NULL;
	size_t i;

	(void)context;
	if (!node)
		return -1;
	*ret_number = 100;
	for (i = 0; slash && i < fake->count; i++)
		if (strlen(fake->nodes[i].path) ==
				(size_t)(slash - node->path) &&
			memcmp(fake->nodes[i].path, node->path,
				slash - node->path) == 0)
			*ret_number = i + 1 + 100;
	return 0;
}

static int fake_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory)
{
	const struct fake_node *node = directory_of(fs, directory);

	(void)context;
	return node ? node->is_opaque : -1;
}

static int fake_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size)
{
	const struct fake_node *node = node_of(fs, ref);

	(void)context;
	if (!node)
		return -1;
	snprintf(target, size, "%s", node->text);
	return 0;
}

static enum read_result fake_read(struct filesystem *fs,
	struct read_context *context, uint64_t ref, uint64_t offset,
	size_t size, void *buffer, struct fs_data *ret_data)
{
	const struct fake_node *node = node_of(fs, ref);
	size_t length = node && node->text ? strlen(node->text) : 0;

	(void)context;
	*ret_data = (struct fs_data){ .bytes = buffer };
	if (!node)
		return READ_ERROR;
	if (offset < length)
		ret_data->size =
			size < length - offset ? size : length - offset;
	memcpy(buffer, node->text + offset, ret_data->size);
	return READ_DATA;
}

static void fake_statfs(struct filesystem *fs, struct statvfs *ret_st)
{
	const struct fake *fake = (struct fake *)fs;

	*ret_st = (struct statvfs){
		.f_bsize = BLOCK_SIZE,
		.f_frsize = BLOCK_SIZE,
		.f_blocks = 1,
		.f_files = fake->count + 1,
	};
}

static void fake_close(struct filesystem *fs)
{
	free(fs);
}

static int fake_set_cache(struct filesystem *fs, size_t bytes, size_t threads)
{
	(void)threads;
	*((struct fake *)fs)->cache_bytes = bytes;
	return 0;
}

#define FAKE_OPS                                                       \
	.close = fake_close, .stat = fake_stat, .lookup = fake_lookup, \
	.list = fake_list, .parent_number = fake_parent_number,        \
	.is_opaque = fake_is_opaque, .readlink = fake_readlink,        \
	.read = fake_read, .statfs = fake_statfs

static struct fake *open_with(const struct filesystem_ops *ops,
	const struct fake_node *nodes)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	assert_non_null(fake);
	fake->fs = (struct filesystem){ .ops = ops, .fd = -1 };
	fake->nodes = nodes;
	while (nodes[fake->count].path)
		fake->count++;
	return fake;
}

struct filesystem *fake_open(const struct fake_node *nodes)
{
	static const struct filesystem_ops ops = { FAKE_OPS };

	return &open_with(&ops, nodes)->fs;
}

struct filesystem *fake_open_with_cache(const struct fake_node *nodes,
	size_t *bytes)
{
	static const struct filesystem_ops ops = {
		FAKE_OPS,
		.set_cache = fake_set_cache,
	};
	struct fake *fake = open_with(&ops, nodes);

	fake->cache_bytes = bytes;
	return &fake->fs;
}
