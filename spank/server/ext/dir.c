/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Directories: lookup, list.  A cookie is the position behind an entry.  A
 * visitor may want to stat what it visits, so no block is held meanwhile.
 */
#include "spank/server/ext/internal.h"

/* The types of entries. */
static mode_t mode_of(unsigned int type)
{
	static const mode_t modes[] = { 0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK,
		S_IFIFO, S_IFSOCK, S_IFLNK };

	return type < sizeof(modes) / sizeof(modes[0]) ? modes[type] : 0;
}

/* Only the block that the index leads to, or all of the directory. */
static void open_search(struct ext_scan *scan, const struct ext_inode *inode,
	const char *name)
{
	uint32_t block_size = scan->ext->super.block_size;
	uint64_t block;

	if (ext_htree_find(scan->ext, scan->context, inode, name, strlen(name),
		    &block) < 0) {
		ext_scan_open(scan, scan->ext, scan->context, inode, 0);
		return;
	}
	ext_scan_open(scan, scan->ext, scan->context, inode,
		block * block_size);
	if (scan->size > (block + 1) * block_size)
		scan->size = (block + 1) * block_size;
}

int ext_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref)
{
	struct ext *ext = ext_of(fs);
	struct ext_scan scan EXT_SCAN_CLEANUP = {
		.ext = ext,
		.context = context,
	};
	size_t length = strlen(name);
	struct ext_inode inode;
	struct ext_dirent entry;
	int more;

	if (ext_inode_get_directory(ext, context, directory, &inode) < 0)
		return -1;
	open_search(&scan, &inode, name);
	do {
		more = ext_scan_next(&scan, &entry);
	} while (more > 0 && (entry.length != length ||
				     memcmp(entry.name, name, length) != 0));
	if (more < 0)
		return -1;
	if (more == 0) {
		errno = ENOENT;
		return -1;
	}
	*ret_ref = entry.number;
	return 0;
}

/* The type in the entry, or else in the inode; 0 if that cannot be read. */
static mode_t find_type(struct ext *ext, struct read_context *context,
	const struct fs_entry *entry, unsigned int type)
{
	struct ext_inode inode;

	if (mode_of(type))
		return mode_of(type);
	if (ext_inode_get(ext, context, entry->ref, &inode) < 0)
		return 0;
	return inode.mode & S_IFMT;
}

static void fill_entry(struct ext_scan *scan, const struct ext_dirent *found,
	struct fs_entry *entry)
{
	unsigned int type = found->type;

	entry->ref = found->number;
	entry->number = found->number;
	memcpy(entry->name, found->name, found->length);
	entry->name[found->length] = '\0';
	entry->next = scan->position;
	ext_scan_release(scan);
	entry->type = find_type(scan->ext, scan->context, entry, type);
}

int ext_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg)
{
	struct ext *ext = ext_of(fs);
	struct ext_scan scan EXT_SCAN_CLEANUP = { .ext = ext };
	struct ext_inode inode;
	struct ext_dirent found;
	struct fs_entry entry;
	int more = 1;

	if (ext_inode_get_directory(ext, context, directory, &inode) < 0)
		return -1;
	ext_scan_open(&scan, ext, context, &inode, cookie);
	while (more > 0 && scan.position < cookie)
		more = ext_scan_next(&scan, &found);
	while (more > 0) {
		more = ext_scan_next(&scan, &found);
		if (more <= 0)
			break;
		fill_entry(&scan, &found, &entry);
		if (!visit(&entry, arg))
			break;
	}
	return more < 0 ? -1 : 0;
}

/* In a directory that consists of blocks, ".." is the second entry. */
static int find_dotdot(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint32_t *ret_number)
{
	unsigned char raw[12 + EXT_DIRENT_SIZE + 2];
	struct ext_run run;

	if (inode->flags & EXT_FLAG_INLINE_DATA) {
		*ret_number = le32_at(inode->block);
		return 0;
	}
	if (inode->size == 0)
		return ext_corrupt();
	if (ext_map(ext, context, inode, 0, 1, &run) < 0 ||
		ext_metadata_read(ext, context, run.physical, 0, raw,
			sizeof(raw)) < 0)
		return -1;
	if (le16_at(raw + 4) != 12 || raw[12 + 6] != 2 ||
		memcmp(raw + 12 + EXT_DIRENT_SIZE, "..", 2) != 0)
		return ext_corrupt();
	*ret_number = le32_at(raw + 12);
	return 0;
}

int ext_parent_number(struct filesystem *fs, struct read_context *context,
	uint64_t directory, ino_t *ret_number)
{
	struct ext *ext = ext_of(fs);
	struct ext_inode inode;
	uint32_t number;

	if (ext_inode_get_directory(ext, context, directory, &inode) < 0)
		return -1;
	number = inode.number;
	if (directory != fs->root &&
		find_dotdot(ext, context, &inode, &number) < 0)
		return ext_fail_at(ext, inode.at_block);
	*ret_number = number;
	return 0;
}
