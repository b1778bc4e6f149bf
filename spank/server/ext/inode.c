/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inodes.  The fields take 128 bytes, and in a larger inode a second part that
 * begins with its own length.  Extended attributes follow.  A reference is the
 * number of the inode.
 */
#include <sys/sysmacros.h>

#include "spank/server/ext/internal.h"
#include "spank/server/filesystem/checks.h"

#define FIELDS_MAX 160 /* the fields that are read */
#define TIME_MAX   999999999

/* A time of 32 bits, and, in larger inodes, 2 more and nanoseconds. */
static struct timespec parse_time(const unsigned char *raw, size_t size,
	size_t at, size_t at_more)
{
	struct timespec time = { .tv_sec = (int32_t)le32_at(raw + at) };
	uint32_t more;

	if (at_more + sizeof(more) > size)
		return time;
	more = le32_at(raw + at_more);
	time.tv_sec += (int64_t)(more & 3) << 32;
	time.tv_nsec = more >> 2 < TIME_MAX ? more >> 2 : TIME_MAX;
	return time;
}

static bool type_is_sane(mode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) ||
	       S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) ||
	       S_ISSOCK(mode);
}

/* As the kernel's ext4_inode_blocks(). */
static uint64_t parse_sectors(const struct ext *ext, const unsigned char *raw,
	uint32_t flags)
{
	uint64_t blocks = le32_at(raw + 28);

	if (!(ext->super.ro_compat & EXT_RO_COMPAT_HUGE_FILE))
		return blocks;
	blocks |= (uint64_t)le16_at(raw + 116) << 32;
	if (flags & EXT_FLAG_HUGE_FILE)
		blocks *= ext->super.block_size / 512;
	return blocks;
}

/* Only a 64-bit file system has the high half, as in the kernel. */
static uint64_t parse_xattrs(const struct ext *ext, const unsigned char *raw)
{
	uint64_t block = le32_at(raw + 104);

	if (ext->super.incompat & EXT_INCOMPAT_64BIT)
		block |= (uint64_t)le16_at(raw + 118) << 32;
	return block;
}

/* The size of the fields; 0 if it makes no sense. */
static uint32_t parse_fields_size(const struct ext *ext,
	const unsigned char *raw)
{
	uint32_t size = EXT_INODE_SIZE_MIN;

	if (ext->super.inode_size > EXT_INODE_SIZE_MIN)
		size += le16_at(raw + 128);
	return size % 4 == 0 && size <= ext->super.inode_size ? size : 0;
}

static int parse_inode(const struct ext *ext, const unsigned char *raw,
	struct ext_inode *inode)
{
	uint32_t size = parse_fields_size(ext, raw);

	inode->mode = le16_at(raw);
	inode->uid = le16_at(raw + 2) | (uint32_t)le16_at(raw + 120) << 16;
	inode->gid = le16_at(raw + 24) | (uint32_t)le16_at(raw + 122) << 16;
	inode->links = le16_at(raw + 26);
	inode->flags = le32_at(raw + 32);
	inode->size = le32_at(raw + 4);
	if (S_ISREG(inode->mode) || S_ISDIR(inode->mode))
		inode->size |= (uint64_t)le32_at(raw + 108) << 32;
	inode->sectors = parse_sectors(ext, raw, inode->flags);
	inode->xattrs = parse_xattrs(ext, raw);
	inode->accessed = parse_time(raw, size, 8, 140);
	inode->changed = parse_time(raw, size, 12, 132);
	inode->modified = parse_time(raw, size, 16, 136);
	memcpy(inode->block, raw + 40, sizeof(inode->block));
	inode->fields_size = size;
	/* Without links it was deleted, or never used. */
	if (!size || !type_is_sane(inode->mode) || inode->links == 0 ||
		inode->size > INT64_MAX)
		return ext_corrupt();
	return 0;
}

/* Where it lies. */
static int find_inode(struct ext *ext, struct read_context *context,
	uint64_t ref, struct ext_inode *inode)
{
	const struct ext_super *super = &ext->super;
	uint32_t index;
	uint64_t offset;

	if (ref > super->inodes ||
		(ref < super->first_inode && ref != EXT_ROOT) || ref == 0)
		return ext_corrupt();
	inode->number = ref;
	index = (ref - 1) % super->inodes_per_group;
	if (ext_group_inodes(ext, context, (ref - 1) / super->inodes_per_group,
		    &inode->at_block) < 0)
		return -1;
	offset = (uint64_t)index * super->inode_size;
	inode->at_block += offset / super->block_size;
	inode->at_offset = offset % super->block_size;
	return 0;
}

/* mke2fs leaves the flag on large files without data.  Like the kernel, rely on
 * it only if the attribute is there, even if that is empty. */
static int check_inline(struct ext *ext, struct read_context *context,
	struct ext_inode *inode)
{
	struct ext_value value;

	if (!(inode->flags & EXT_FLAG_INLINE_DATA))
		return 0;
	if (ext_inline_value(ext, context, inode, &value) == 0) {
		ext_metadata_put(ext, value.held);
		return 0;
	}
	if (errno != ENODATA)
		return -1;
	inode->flags &= ~EXT_FLAG_INLINE_DATA;
	return 0;
}

int ext_inode_get(struct ext *ext, struct read_context *context, uint64_t ref,
	struct ext_inode *ret_inode)
{
	unsigned char raw[FIELDS_MAX] = { 0 };
	struct ext_inode inode = { .number = 0 };
	size_t size = ext->super.inode_size < sizeof(raw)
			      ? ext->super.inode_size
			      : sizeof(raw);

	if (find_inode(ext, context, ref, &inode) < 0 ||
		ext_metadata_read(ext, context, inode.at_block, inode.at_offset,
			raw, size) < 0 ||
		parse_inode(ext, raw, &inode) < 0 ||
		check_inline(ext, context, &inode) < 0)
		return ext_fail_at(ext, inode.at_block);
	*ret_inode = inode;
	return 0;
}

int ext_inode_get_directory(struct ext *ext, struct read_context *context,
	uint64_t ref, struct ext_inode *ret_inode)
{
	struct ext_inode inode;

	if (ext_inode_get(ext, context, ref, &inode) < 0)
		return -1;
	if (!S_ISDIR(inode.mode)) {
		errno = ENOTDIR;
		return -1;
	}
	*ret_inode = inode;
	return 0;
}

/* The kernel's old_decode_dev() and new_decode_dev().  0:0, the device of a
 * whiteout, is 0 in both. */
static dev_t parse_device(const struct ext_inode *inode)
{
	uint32_t old = le32_at(inode->block);
	uint32_t device = le32_at(inode->block + 4);

	if (old)
		return makedev(old >> 8 & 0xff, old & 0xff);
	return makedev(device >> 8 & 0xfff,
		(device & 0xff) | (device >> 12 & 0xfff00));
}

int ext_stat(struct filesystem *fs, struct read_context *context, uint64_t ref,
	struct stat *ret_st)
{
	struct ext_inode inode;

	if (ext_inode_get(ext_of(fs), context, ref, &inode) < 0)
		return -1;
	*ret_st = (struct stat){
		.st_ino = inode.number,
		.st_mode = inode.mode,
		.st_nlink = inode.links,
		.st_uid = inode.uid,
		.st_gid = inode.gid,
		.st_blocks = inode.sectors,
		.st_atim = inode.accessed,
		.st_mtim = inode.modified,
		.st_ctim = inode.changed,
	};
	if (S_ISREG(inode.mode) || S_ISDIR(inode.mode) || S_ISLNK(inode.mode))
		ret_st->st_size = inode.size;
	if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode))
		ret_st->st_rdev = parse_device(&inode);
	/* The kernel counts what takes no block, too. */
	if (S_ISREG(inode.mode) && inode.flags & EXT_FLAG_INLINE_DATA)
		ret_st->st_blocks += (inode.size + 511) / 512;
	return 0;
}

/* Whether the target lies in the inode itself, decided as in libext2fs. */
static bool is_fast_symlink(const struct ext_inode *inode)
{
	return inode->size < EXT_INODE_BLOCK_SIZE &&
	       !(inode->flags & (EXT_FLAG_INLINE_DATA | EXT_FLAG_EXTENTS));
}

int ext_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size)
{
	struct ext *ext = ext_of(fs);
	struct ext_inode inode;

	if (ext_inode_get(ext, context, ref, &inode) < 0 ||
		fs_check_readlink(inode.mode, inode.size, size) < 0)
		return -1;
	if (is_fast_symlink(&inode))
		memcpy(target, inode.block, inode.size);
	else if (ext_read_bytes(ext, context, &inode, 0, inode.size,
			 (unsigned char *)target) < 0)
		return ext_fail_at(ext, inode.at_block);
	target[inode.size] = '\0';
	return 0;
}
