/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories of a squashfs image.  A directory is a list of headers, each
 * with up to 256 entries that share a block of inodes, in the order of their
 * names; a large one has an index of some of its headers, by name and by
 * offset.  A cookie is the offset of an entry in that list.
 *
 * The library's own use of the index is not called: it reads names of any
 * length into a buffer of 257 bytes, and believes the positions.
 */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "spank/server/squash_internal.h"

#define ENTRIES_PER_HEADER 256

static bool name_is_sane(const char *name, size_t size)
{
	return size <= NAME_MAX && !memchr(name, '/', size) &&
	       !memchr(name, '\0', size) && !(size == 1 && name[0] == '.') &&
	       !(size == 2 && name[0] == '.' && name[1] == '.');
}

/* Returns 1 with the next entry, 0 at the end, -1 with errno. */
static int next_entry(struct squash *squash, sqfs_dir *dir,
	struct squash_entry *entry)
{
	sqfs_dir_entry raw = { .name = squash->name };
	sqfs_err failed;

	if (!sqfs_dir_next(&squash->fs, dir, &raw, &failed))
		return failed ? squash_corrupt() : 0;
	if (dir->offset > dir->total ||
		dir->header.count >= ENTRIES_PER_HEADER ||
		!name_is_sane(squash->name, raw.name_size))
		return squash_corrupt();
	memcpy(entry->name, squash->name, raw.name_size);
	entry->name[raw.name_size] = '\0';
	entry->ref = raw.inode;
	entry->number = raw.inode_number;
	entry->type = sqfs_dentry_mode(&raw);
	entry->next = raw.next_offset;
	return 1;
}

/* Go to the header that an index entry names. */
static int jump(struct squash *squash, const sqfs_inode *inode, sqfs_dir *dir,
	const struct squashfs_dir_index *index)
{
	uint32_t offset = le32toh(index->index);

	if (offset > dir->total)
		return squash_corrupt();
	dir->offset = offset;
	dir->cur.block = squash->fs.sb.directory_table_start +
			 le32toh(index->start_block);
	dir->cur.offset =
		(inode->xtra.dir.offset + offset) % SQUASHFS_METADATA_SIZE;
	return squash_check_cursor(squash, &dir->cur);
}

/*
 * Use the index to come near the name, or near the cookie if the name is NULL,
 * but not past it.
 */
static int come_near(struct squash *squash, const sqfs_inode *inode,
	sqfs_dir *dir, const char *name, uint64_t cookie)
{
	struct squashfs_dir_index index, nearest;
	sqfs_md_cursor cursor = inode->next;
	char first[NAME_MAX + 1];
	bool found = false;
	unsigned int i;
	size_t size;

	for (i = 0; i < inode->xtra.dir.idx_count; i++) {
		if (sqfs_md_read(&squash->fs, &cursor, &index, sizeof(index)))
			return squash_corrupt();
		size = (size_t)le32toh(index.size) + 1;
		if (size > NAME_MAX ||
			sqfs_md_read(&squash->fs, &cursor, first, size))
			return squash_corrupt();
		first[size] = '\0';
		if (name ? strcmp(first, name) > 0
			 : le32toh(index.index) > cookie)
			break;
		nearest = index;
		found = true;
	}
	return found ? jump(squash, inode, dir, &nearest) : 0;
}

static int open_near(struct squash *squash, uint64_t ref, const char *name,
	uint64_t cookie, sqfs_dir *ret_dir)
{
	struct squash_inode node;

	if (squash_inode_get(squash, ref, &node) < 0)
		return -1;
	if (!S_ISDIR(node.inode.base.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	if (sqfs_dir_open(&squash->fs, &node.inode, ret_dir, 0))
		return squash_corrupt();
	if (ret_dir->total == 0)
		return 0;
	if (squash_check_cursor(squash, &ret_dir->cur) < 0)
		return -1;
	return come_near(squash, &node.inode, ret_dir, name, cookie);
}

int squash_lookup(struct squash *squash, uint64_t directory, const char *name,
	uint64_t *ret_ref)
{
	struct squash_entry entry;
	sqfs_dir dir;
	int more, order = -1;

	if (open_near(squash, directory, name, 0, &dir) < 0)
		return -1;
	do {
		more = next_entry(squash, &dir, &entry);
		if (more > 0)
			order = strcmp(entry.name, name);
	} while (more > 0 && order < 0);
	if (more < 0)
		return -1;
	if (order != 0) {
		errno = ENOENT;
		return -1;
	}
	*ret_ref = entry.ref;
	return 0;
}

int squash_list(struct squash *squash, uint64_t directory, uint64_t cookie,
	squash_visit *visit, void *arg)
{
	struct squash_entry entry;
	sqfs_dir dir;
	int more = 1;

	if (open_near(squash, directory, NULL, cookie, &dir) < 0)
		return -1;
	while (more > 0 && (uint64_t)dir.offset < cookie)
		more = next_entry(squash, &dir, &entry);
	while (more > 0) {
		more = next_entry(squash, &dir, &entry);
		if (more > 0 && !visit(&entry, arg))
			return 0;
	}
	return more;
}

int squash_parent_number(struct squash *squash, uint64_t directory,
	ino_t *ret_number)
{
	struct squash_inode node;

	if (squash_inode_get(squash, directory, &node) < 0)
		return -1;
	if (!S_ISDIR(node.inode.base.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	*ret_number = directory == squash_root(squash)
			      ? node.inode.base.inode_number
			      : node.inode.xtra.dir.parent_inode;
	return 0;
}
