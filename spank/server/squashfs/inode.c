/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes: sixteen bytes common to all, then the fields of each type, in a basic
 * and an extended form.  A reference is the position of a metadata block,
 * relative to the inode table, and an offset in the block.
 */
#include <limits.h>
#include <sys/sysmacros.h>

#include "spank/server/filesystem/checks.h"
#include "spank/server/squashfs/internal.h"

#define BASE_SIZE 16
#define REST_MAX  40

/* How many bytes follow the common ones, by type. */
static const unsigned char rest_size[] = { 0, 16, 16, 8, 8, 8, 4, 4, 24, 40, 8,
	12, 12, 8, 8 };

static int parse_dir(const struct squash *squash, const unsigned char *rest,
	bool is_extended, struct squash_inode *inode)
{
	uint32_t start;

	if (is_extended) {
		inode->links = le32_at(rest);
		inode->size = le32_at(rest + 4);
		start = le32_at(rest + 8);
		inode->parent = le32_at(rest + 12);
		inode->indexes = le16_at(rest + 16);
		inode->entries.offset = le16_at(rest + 18);
		inode->xattrs = le32_at(rest + 20);
	} else {
		start = le32_at(rest);
		inode->links = le32_at(rest + 4);
		inode->size = le16_at(rest + 8);
		inode->entries.offset = le16_at(rest + 10);
		inode->parent = le32_at(rest + 12);
		inode->xattrs = SQUASH_NO_XATTRS;
	}
	inode->entries.block = squash->super.directory_table + start;
	return 0;
}

static int parse_reg(const unsigned char *rest, bool is_extended,
	struct squash_inode *inode)
{
	if (is_extended) {
		inode->start = le64_at(rest);
		inode->size = le64_at(rest + 8);
		inode->sparse = le64_at(rest + 16);
		inode->links = le32_at(rest + 24);
		inode->fragment = le32_at(rest + 28);
		inode->fragment_offset = le32_at(rest + 32);
	} else {
		inode->links = 1;
		inode->start = le32_at(rest);
		inode->fragment = le32_at(rest + 4);
		inode->fragment_offset = le32_at(rest + 8);
		inode->size = le32_at(rest + 12);
	}
	return inode->size > INT64_MAX ? squash_corrupt() : 0;
}

static int parse_rest(const struct squash *squash, const unsigned char *rest,
	bool is_extended, struct squash_inode *inode)
{
	if (S_ISDIR(inode->mode))
		return parse_dir(squash, rest, is_extended, inode);
	if (S_ISREG(inode->mode))
		return parse_reg(rest, is_extended, inode);
	inode->links = le32_at(rest);
	if (S_ISLNK(inode->mode)) {
		inode->size = le32_at(rest + 4);
		return inode->size < PATH_MAX ? 0 : squash_corrupt();
	}
	if (S_ISBLK(inode->mode) || S_ISCHR(inode->mode))
		inode->device = le32_at(rest + 4);
	return 0;
}

static int parse_inode(struct squash_stream *stream, struct squash_inode *inode)
{
	unsigned char base[BASE_SIZE], rest[REST_MAX];
	unsigned int type;
	mode_t mode, kind;
	bool is_extended;

	if (squash_stream_read(stream, base, sizeof(base)) < 0)
		return -1;
	type = le16_at(base);
	if (type == 0 || type >= sizeof(rest_size))
		return squash_corrupt();
	if (squash_stream_read(stream, rest, rest_size[type]) < 0)
		return -1;
	is_extended = type >= SQUASH_EXTENDED;
	kind = squash_mode_of(is_extended ? type - SQUASH_SOCKET : type);
	mode = le16_at(base + 2);
	/* The mode's type must be absent or repeat the type. */
	if (mode & S_IFMT && (mode & S_IFMT) != kind)
		return squash_corrupt();
	*inode = (struct squash_inode){
		.mode = mode | kind,
		.uid = le16_at(base + 4),
		.gid = le16_at(base + 6),
		.mtime = le32_at(base + 8),
		.number = le32_at(base + 12),
		.next = stream->at,
	};
	return parse_rest(stream->squash, rest, is_extended, inode);
}

int squash_inode_get(struct squash *squash, struct read_context *context,
	uint64_t ref, struct squash_inode *ret_inode)
{
	struct squash_stream stream SQUASH_STREAM_CLEANUP = {
		.squash = squash,
		.context = context,
		.at = { squash->super.inode_table + (ref >> 16), ref & 0xffff },
	};
	struct squash_inode inode;

	if (ref >> SQUASH_REFERENCE_BITS)
		return squash_corrupt();
	if (parse_inode(&stream, &inode) < 0)
		return squash_fail_at(squash, stream.at.block);
	*ret_inode = inode;
	return 0;
}

static void stat_kind(const struct squash_inode *inode, struct stat *st)
{
	st->st_size = inode->size;
	if (S_ISREG(inode->mode) && inode->sparse <= inode->size)
		st->st_blocks = (inode->size - inode->sparse + 511) / 512;
	/* The kernel's encoding of a device: new_encode_dev(). */
	st->st_rdev = makedev(inode->device >> 8 & 0xfff,
		(inode->device & 0xff) | (inode->device >> 12 & 0xfff00));
}

int squash_stat(struct filesystem *fs, struct read_context *context,
	uint64_t ref, struct stat *ret_st)
{
	struct squash *squash = squash_of(fs);
	struct squash_inode inode;
	struct stat st = { 0 };

	if (squash_inode_get(squash, context, ref, &inode) < 0)
		return -1;
	if (inode.uid >= squash->super.ids || inode.gid >= squash->super.ids)
		return squash_corrupt();
	st.st_uid = squash->ids[inode.uid];
	st.st_gid = squash->ids[inode.gid];
	st.st_ino = inode.number;
	st.st_mode = inode.mode;
	st.st_nlink = inode.links;
	st.st_mtim.tv_sec = inode.mtime;
	st.st_atim = st.st_mtim;
	st.st_ctim = st.st_mtim;
	stat_kind(&inode, &st);
	*ret_st = st;
	return 0;
}

int squash_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size)
{
	struct squash *squash = squash_of(fs);
	struct squash_stream stream SQUASH_STREAM_CLEANUP = {
		.squash = squash,
		.context = context,
	};
	struct squash_inode inode;

	if (squash_inode_get(squash, context, ref, &inode) < 0 ||
		fs_check_readlink(inode.mode, inode.size, size) < 0)
		return -1;
	stream.at = inode.next;
	if (squash_stream_read(&stream, target, inode.size) < 0)
		return -1;
	target[inode.size] = '\0';
	return 0;
}
