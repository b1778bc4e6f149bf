/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes of a squashfs image, and the checks that everything that is read from
 * metadata blocks goes through: of cursors and of table indexes.
 */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <sys/sysmacros.h>

#include "spank/server/squash_internal.h"

/* A block of the library's cache, which counts its users since 0.5. */
static void release_cached(sqfs_block *block)
{
#ifdef HAVE_SQFS_BLOCK_REFCOUNT
	sqfs_block_dispose(block);
#else
	(void)block;
#endif
}

int squash_check_cursor(struct squash *squash, const sqfs_md_cursor *cursor)
{
	sqfs_off_t position = cursor->block;
	sqfs_block *block;
	bool is_within = false;

	/* Position 0 is also how the library's cache says "empty". */
	if (position >= (sqfs_off_t)sizeof(squash->fs.sb) &&
		sqfs_md_cache(&squash->fs, &position, &block) == SQFS_OK) {
		is_within = cursor->offset <= block->size;
		release_cached(block);
	}
	if (is_within)
		return 0;
	return squash_corrupt();
}

int squash_table_entry(struct squash *squash, const sqfs_table *table,
	size_t count, size_t index, void *ret_entry)
{
	size_t at = index * table->each;
	sqfs_md_cursor cursor = { .offset = at % SQUASHFS_METADATA_SIZE };

	if (index < count) {
		cursor.block = table->blocks[at / SQUASHFS_METADATA_SIZE];
		if (squash_check_cursor(squash, &cursor) == 0 &&
			sqfs_md_read(&squash->fs, &cursor, ret_entry,
				table->each) == SQFS_OK)
			return 0;
	}
	return squash_corrupt();
}

/*
 * Look at an inode before the library does: it would walk through a target of
 * 4 GiB, and it drops the number of bytes that are holes.
 */
static int peek(struct squash *squash, sqfs_md_cursor cursor, uint64_t *sparse)
{
	sqfs_md_cursor start = cursor;
	struct squashfs_base_inode base;
	struct squashfs_symlink_inode symlink;
	struct squashfs_lreg_inode file;

	if (squash_check_cursor(squash, &cursor) < 0 ||
		sqfs_md_read(&squash->fs, &cursor, &base, sizeof(base)))
		return -1;
	*sparse = 0;
	switch (le16toh(base.inode_type)) {
	case SQUASHFS_SYMLINK_TYPE:
	case SQUASHFS_LSYMLINK_TYPE:
		if (sqfs_md_read(&squash->fs, &start, &symlink,
			    sizeof(symlink)))
			return -1;
		return le32toh(symlink.symlink_size) < PATH_MAX ? 0 : -1;
	case SQUASHFS_LREG_TYPE:
		if (sqfs_md_read(&squash->fs, &start, &file, sizeof(file)))
			return -1;
		*sparse = le64toh(file.sparse);
		return 0;
	default:
		return 0;
	}
}

int squash_inode_get(struct squash *squash, uint64_t ref,
	struct squash_inode *ret_inode)
{
	struct squash_inode found;
	sqfs_md_cursor cursor;

	sqfs_md_cursor_inode(&cursor, ref, squash->fs.sb.inode_table_start);
	if (ref >> 48 || peek(squash, cursor, &found.sparse) < 0 ||
		sqfs_inode_get(&squash->fs, &found.inode, ref) != SQFS_OK)
		return squash_corrupt();
	found.inode.base.mode = (found.inode.base.mode & 07777) |
				sqfs_mode(found.inode.base.inode_type);
	*ret_inode = found;
	return 0;
}

static int read_id(struct squash *squash, uint16_t index, uint32_t *ret_id)
{
	uint32_t id;

	if (squash_table_entry(squash, &squash->fs.id_table,
		    squash->fs.sb.no_ids, index, &id) < 0)
		return -1;
	*ret_id = le32toh(id);
	return 0;
}

static void stat_kind(const struct squash_inode *node, struct stat *st)
{
	const sqfs_inode *inode = &node->inode;

	if (S_ISREG(st->st_mode)) {
		st->st_size = inode->xtra.reg.file_size;
		if (node->sparse <= inode->xtra.reg.file_size)
			st->st_blocks = (inode->xtra.reg.file_size -
						node->sparse + 511) /
					512;
	} else if (S_ISDIR(st->st_mode)) {
		st->st_size = inode->xtra.dir.dir_size;
	} else if (S_ISLNK(st->st_mode)) {
		st->st_size = inode->xtra.symlink_size;
	} else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		st->st_rdev =
			makedev(inode->xtra.dev.major, inode->xtra.dev.minor);
	}
}

int squash_stat(struct squash *squash, uint64_t ref, struct stat *ret_st)
{
	struct squash_inode node;
	struct stat st = { .st_blksize = squash->fs.sb.block_size };

	if (squash_inode_get(squash, ref, &node) < 0 ||
		read_id(squash, node.inode.base.uid, &st.st_uid) < 0 ||
		read_id(squash, node.inode.base.guid, &st.st_gid) < 0)
		return -1;
	st.st_ino = node.inode.base.inode_number;
	st.st_mode = node.inode.base.mode;
	st.st_nlink = node.inode.nlink;
	st.st_mtim.tv_sec = node.inode.base.mtime;
	st.st_atim = st.st_mtim;
	st.st_ctim = st.st_mtim;
	stat_kind(&node, &st);
	if (st.st_size < 0)
		return squash_corrupt();
	*ret_st = st;
	return 0;
}

int squash_readlink(struct squash *squash, uint64_t ref, char *target,
	size_t size)
{
	struct squash_inode node;

	if (squash_inode_get(squash, ref, &node) < 0)
		return -1;
	if (!S_ISLNK(node.inode.base.mode)) {
		errno = EINVAL;
		return -1;
	}
	if (node.inode.xtra.symlink_size >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (sqfs_readlink(&squash->fs, &node.inode, target, &size))
		return squash_corrupt();
	return 0;
}
