/* SPDX-License-Identifier: BSD-3-Clause */
/* Inodes: stat, readlink. */
#include <endian.h>
#include <sys/sysmacros.h>

#include "spank/server/filesystem/checks.h"
#include "spank/server/squashfuse/internal.h"

/* How many bytes of a file are holes, which the library does not tell. */
static int read_sparse(struct instance *instance, uint64_t ref,
	const sqfs_inode *inode, uint64_t *ret_sparse)
{
	struct squashfs_lreg_inode raw;
	sqfs_md_cursor cursor;

	*ret_sparse = 0;
	if (inode->base.inode_type != SQUASHFS_LREG_TYPE)
		return 0;
	sqfs_md_cursor_inode(&cursor, ref, instance->fs.sb.inode_table_start);
	if (sqfs_md_read(&instance->fs, &cursor, &raw, sizeof(raw)) != SQFS_OK)
		return instance_failed();
	*ret_sparse = le64toh(raw.sparse);
	return 0;
}

static int stat_reg(struct instance *instance, uint64_t ref,
	const sqfs_inode *inode, struct stat *st)
{
	uint64_t size = inode->xtra.reg.file_size, sparse;

	if (size > INT64_MAX)
		return instance_failed();
	if (read_sparse(instance, ref, inode, &sparse) < 0)
		return -1;
	st->st_size = size;
	if (sparse <= size)
		st->st_blocks = (size - sparse + 511) / 512;
	return 0;
}

static int stat_kind(struct instance *instance, uint64_t ref,
	const sqfs_inode *inode, struct stat *st)
{
	if (S_ISREG(st->st_mode))
		return stat_reg(instance, ref, inode, st);
	if (S_ISDIR(st->st_mode))
		st->st_size = inode->xtra.dir.dir_size;
	else if (S_ISLNK(st->st_mode))
		st->st_size = inode->xtra.symlink_size;
	else if (S_ISBLK(st->st_mode) || S_ISCHR(st->st_mode))
		st->st_rdev =
			makedev(inode->xtra.dev.major, inode->xtra.dev.minor);
	return st->st_size < 0 ? instance_failed() : 0;
}

static int stat_owner(struct instance *instance, const sqfs_inode *inode,
	struct stat *st)
{
	/* The library does not check that the table has that entry. */
	if (inode->base.uid >= instance->fs.sb.no_ids ||
		inode->base.guid >= instance->fs.sb.no_ids)
		return instance_failed();
	if (sqfs_id_get(&instance->fs, inode->base.uid, &st->st_uid) !=
			SQFS_OK ||
		sqfs_id_get(&instance->fs, inode->base.guid, &st->st_gid) !=
			SQFS_OK)
		return instance_failed();
	return 0;
}

int squashfuse_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st)
{
	struct squash *squash = squash_of(fs);
	sqfs_inode inode;
	struct instance *instance =
		instance_take_inode(squash, context, ref, &inode);
	struct stat st = { 0 };
	int rc;

	if (!instance)
		return -1;
	st.st_ino = inode.base.inode_number;
	st.st_mode = inode.base.mode;
	st.st_nlink = (uint32_t)inode.nlink;
	st.st_mtim.tv_sec = inode.base.mtime;
	st.st_atim = st.st_mtim;
	st.st_ctim = st.st_mtim;
	rc = stat_owner(instance, &inode, &st);
	if (rc == 0)
		rc = stat_kind(instance, ref, &inode, &st);
	instance_give(instance);
	if (rc == 0)
		*ret_st = st;
	return rc;
}

static int read_target(struct instance *instance, sqfs_inode *inode,
	char *target, size_t size)
{
	if (fs_check_readlink(inode->base.mode, inode->xtra.symlink_size,
		    size) < 0)
		return -1;
	if (sqfs_readlink(&instance->fs, inode, target, &size) != SQFS_OK)
		return instance_failed();
	return 0;
}

int squashfuse_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size)
{
	struct squash *squash = squash_of(fs);
	sqfs_inode inode;
	struct instance *instance =
		instance_take_inode(squash, context, ref, &inode);
	int rc;

	if (!instance)
		return -1;
	rc = read_target(instance, &inode, target, size);
	instance_give(instance);
	return rc;
}
