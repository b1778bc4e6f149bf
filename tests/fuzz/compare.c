/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nodes are visited breadth first, by the references that the builtin reader
 * finds in directories.  Of each:
 *
 *   - attributes
 *   - a directory's entries, from the first one and from one in the middle, its
 *     parent, and a look-up of its names and of one that it has not
 *   - a link's target
 *   - a file's bytes, in pieces that do and that do not fit its blocks
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/fuzz/compare-internal.h"
#include "tests/lib/sif-find.h"

#define CACHE (4 * 1024 * 1024)
/* Of a file that is larger than bytes_max. */
#define FILE_END (1024 * 1024)

static int (*const open_by[READERS])(int *fd,
	const struct sif_partition *partition, struct filesystem **ret_fs,
	struct error *err) = { squash_open, squashfuse_open };

void compare_die(const char *what)
{
	perror(what);
	abort();
}

void compare_differ(struct walk *walk, uint64_t ref, const char *what,
	int64_t builtin, int64_t squashfuse)
{
	walk->differs = true;
	fprintf(stderr,
		"node 0x%" PRIx64 ": %s: builtin %" PRId64
		", squashfuse %" PRId64 "\n",
		ref, what, builtin, squashfuse);
}

void compare_differ_if(struct walk *walk, uint64_t ref, const char *what,
	int64_t builtin, int64_t squashfuse)
{
	if (builtin != squashfuse)
		compare_differ(walk, ref, what, builtin, squashfuse);
}

bool compare_both(struct walk *walk, uint64_t ref, const char *what,
	int builtin, int squashfuse)
{
	struct comparison *comparison = walk->comparison;

	if (comparison->builtin_only)
		return false;
	if (!comparison->is_damaged && (builtin || squashfuse))
		compare_differ(walk, ref, what, builtin, squashfuse);
	return !builtin && !squashfuse;
}

void compare_add_node(struct walk *walk, uint64_t ref)
{
	if (walk->count >= walk->comparison->nodes_max)
		return;
	if (walk->count == walk->capacity) {
		walk->capacity = walk->capacity ? 2 * walk->capacity : 512;
		walk->nodes = reallocarray(walk->nodes, walk->capacity,
			sizeof(*walk->nodes));
		if (!walk->nodes)
			compare_die("reallocarray");
	}
	walk->nodes[walk->count++] = ref;
}

static void compare_links(struct walk *walk, uint64_t ref)
{
	char target[READERS][PATH_MAX];
	int rc[READERS] = { -1, -1 }, i;

	for (i = 0; i < READERS; i++)
		if (walk->fs[i])
			rc[i] = fs_readlink(walk->fs[i], NULL, ref, target[i],
				sizeof(target[i]));
	if (compare_both(walk, ref, "link", rc[BUILTIN], rc[SQUASHFUSE]) &&
		strcmp(target[BUILTIN], target[SQUASHFUSE]) != 0)
		compare_differ(walk, ref, "target of the link", 0, 0);
}

/* What one reader has of a file; 0 if it has it. */
struct piece {
	uint64_t offset;
	size_t size;
	unsigned char *bytes;
	int rc;
};

static void read_piece(const struct walk *walk, int reader, uint64_t ref,
	struct piece *piece)
{
	static unsigned char buffers[READERS][FS_READ_MAX];
	struct fs_data data;

	piece->rc = -1;
	if (!walk->fs[reader] ||
		fs_read(walk->fs[reader], NULL, ref, piece->offset, piece->size,
			buffers[reader], &data) != READ_DATA)
		return;
	piece->rc = 0;
	piece->size = data.size;
	piece->bytes = buffers[reader];
	if (data.bytes != piece->bytes)
		memcpy(piece->bytes, data.bytes, data.size);
	fs_release(walk->fs[reader], &data);
}

/*
 * libsquashfuse knows a block by its place.  If a damaged image has two blocks
 * at one place, it shows the one that was read first: ask it with empty caches.
 */
static void forget_and_read(const struct walk *walk, uint64_t ref,
	struct piece *piece)
{
	struct filesystem *fs = walk->fs[SQUASHFUSE];

	if (fs_set_cache(fs, 0, 1) == 0)
		read_piece(walk, SQUASHFUSE, ref, piece);
}

static bool is_same(const struct piece *a, const struct piece *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* False where there is nothing more to be read. */
static bool compare_piece(struct walk *walk, uint64_t ref, uint64_t offset,
	size_t size)
{
	struct piece builtin = { .offset = offset, .size = size };
	struct piece squashfuse = builtin;

	read_piece(walk, BUILTIN, ref, &builtin);
	read_piece(walk, SQUASHFUSE, ref, &squashfuse);
	if (builtin.rc == 0)
		walk->comparison->bytes += builtin.size;
	if (!compare_both(walk, ref, "read", builtin.rc, squashfuse.rc) ||
		is_same(&builtin, &squashfuse))
		return builtin.rc == 0;
	squashfuse.size = size;
	if (walk->comparison->is_damaged)
		forget_and_read(walk, ref, &squashfuse);
	if (squashfuse.rc == 0 && !is_same(&builtin, &squashfuse)) {
		compare_differ_if(walk, ref, "bytes read", builtin.size,
			squashfuse.size);
		compare_differ(walk, ref, "bytes at an offset", offset, offset);
	}
	return !walk->differs;
}

static void compare_file(struct walk *walk, uint64_t ref, uint64_t size)
{
	static const size_t sizes[] = { 128 * 1024, 4096, 100001, FS_READ_MAX };
	uint64_t max = walk->comparison->bytes_max, offset = 0;
	size_t piece, i;

	for (i = 0; offset < size; i++) {
		piece = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
		if (!compare_piece(walk, ref, offset, piece))
			return;
		offset += piece;
		if (offset > max && size > FILE_END && offset < size - FILE_END)
			offset = size - FILE_END;
	}
	/* Behind the end. */
	compare_piece(walk, ref, size, 4096);
}

static void compare_attributes(struct walk *walk, uint64_t ref,
	const struct stat *builtin, const struct stat *squashfuse)
{
	compare_differ_if(walk, ref, "mode", builtin->st_mode,
		squashfuse->st_mode);
	compare_differ_if(walk, ref, "uid", builtin->st_uid,
		squashfuse->st_uid);
	compare_differ_if(walk, ref, "gid", builtin->st_gid,
		squashfuse->st_gid);
	compare_differ_if(walk, ref, "inode number", builtin->st_ino,
		squashfuse->st_ino);
	compare_differ_if(walk, ref, "links", builtin->st_nlink,
		squashfuse->st_nlink);
	compare_differ_if(walk, ref, "size", builtin->st_size,
		squashfuse->st_size);
	compare_differ_if(walk, ref, "blocks", builtin->st_blocks,
		squashfuse->st_blocks);
	compare_differ_if(walk, ref, "device", builtin->st_rdev,
		squashfuse->st_rdev);
	compare_differ_if(walk, ref, "time", builtin->st_mtim.tv_sec,
		squashfuse->st_mtim.tv_sec);
}

static void compare_node(struct walk *walk, uint64_t ref)
{
	struct stat st[READERS];
	int rc[READERS] = { -1, -1 }, i;

	for (i = 0; i < READERS; i++)
		if (walk->fs[i])
			rc[i] = fs_stat(walk->fs[i], NULL, ref, &st[i]);
	if (compare_both(walk, ref, "stat", rc[BUILTIN], rc[SQUASHFUSE]))
		compare_attributes(walk, ref, &st[BUILTIN], &st[SQUASHFUSE]);
	if (rc[BUILTIN] < 0 || walk->differs)
		return;
	if (S_ISDIR(st[BUILTIN].st_mode))
		compare_directory(walk, ref);
	else if (S_ISLNK(st[BUILTIN].st_mode))
		compare_links(walk, ref);
	else if (S_ISREG(st[BUILTIN].st_mode))
		compare_file(walk, ref, st[BUILTIN].st_size);
}

static void compare_file_systems(struct walk *walk)
{
	struct statvfs st[READERS];
	size_t i;

	for (i = 0; i < READERS; i++)
		fs_statfs(walk->fs[i], &st[i]);
	compare_differ_if(walk, 0, "block size", st[0].f_bsize, st[1].f_bsize);
	compare_differ_if(walk, 0, "number of blocks", st[0].f_blocks,
		st[1].f_blocks);
	compare_differ_if(walk, 0, "number of inodes", st[0].f_files,
		st[1].f_files);
	compare_differ_if(walk, 0, "root", walk->fs[0]->root,
		walk->fs[1]->root);
}

/* Leaves NULL what cannot be opened. */
static int open_image(int image_fd, int reader,
	const struct sif_partition *partition, struct filesystem **ret_fs)
{
	CLEANUP_FD int fd = dup(image_fd);
	struct error err;

	if (open_by[reader](&fd, partition, ret_fs, &err) < 0)
		return -1;
	if (fs_set_cache(*ret_fs, CACHE, 2) < 0)
		compare_die("set_cache");
	return 0;
}

static void close_all(struct walk *walk)
{
	size_t i;

	for (i = 0; i < READERS; i++)
		fs_close(walk->fs[i]);
	free(walk->nodes);
}

int compare_image(int fd, struct comparison *comparison)
{
	struct walk walk = { .comparison = comparison };
	struct sif_partition partition;
	int rc[READERS] = { -1, -1 };
	struct error err;
	size_t i;

	comparison->nodes = 0;
	comparison->bytes = 0;
	if (sif_find(fd, SIF_DATA, "00", &partition, &err) < 0) {
		if (!comparison->is_damaged)
			fprintf(stderr, "%s\n", err.text);
		return comparison->is_damaged ? 0 : -1;
	}
	for (i = 0; i < (comparison->builtin_only ? 1 : READERS); i++)
		rc[i] = open_image(fd, i, &partition, &walk.fs[i]);
	if (compare_both(&walk, 0, "open", rc[BUILTIN], rc[SQUASHFUSE]))
		compare_file_systems(&walk);
	if (walk.fs[BUILTIN] &&
		(walk.fs[SQUASHFUSE] || comparison->builtin_only))
		compare_add_node(&walk, walk.fs[BUILTIN]->root);
	for (i = 0; i < walk.count && !walk.differs; i++)
		compare_node(&walk, walk.nodes[i]);
	comparison->nodes = walk.count;
	close_all(&walk);
	return walk.differs ? -1 : 0;
}
