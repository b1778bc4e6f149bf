/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_EXT_INTERNAL_H
#define SPANK_SERVER_EXT_INTERNAL_H

/* What the files of this folder share; not for other folders. */

#include <errno.h>

#include "common/little_endian.h"
#include "spank/server/ext/ext.h"
#include "spank/server/ext/format.h"
#include "spank/server/filesystem/cache.h"
#include "spank/server/filesystem/damage.h"

struct ext_super {
	uint64_t blocks;
	uint32_t block_size;
	uint32_t first_block; /* of group 0 */
	uint32_t blocks_per_group;
	uint32_t groups;
	uint32_t inodes;
	uint32_t inodes_per_group;
	uint32_t first_inode; /* that is not reserved */
	uint16_t inode_size;
	uint16_t descriptor_size;
	uint32_t first_meta_group; /* of descriptor blocks */
	uint32_t compat, incompat, ro_compat;
	uint32_t backup_groups[2]; /* with EXT_COMPAT_SPARSE_SUPER2 */
	uint32_t hash_seed[4];
	bool unsigned_hash;
};

struct ext {
	struct filesystem fs;        /* first: see ext_of() */
	struct sif_partition window; /* of the file; nothing outside is read */
	struct ext_super super;
	struct cache *metadata; /* blocks, by their number */
};

struct ext_inode {
	uint32_t number;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint32_t links;
	uint32_t flags;
	uint64_t size;
	uint64_t sectors; /* of 512 bytes */
	uint64_t xattrs;  /* the block of its attributes, or 0 */
	struct timespec accessed, modified, changed;
	unsigned char block[EXT_INODE_BLOCK_SIZE];
	/* Where the inode lies, and how much of it the fields take. */
	uint64_t at_block;
	uint32_t at_offset;
	uint32_t fields_size;
};

static inline struct ext *ext_of(struct filesystem *fs)
{
	return (struct ext *)fs;
}

/* Set EIO and return -1: the file system does not make sense. */
static inline int ext_corrupt(void)
{
	errno = EIO;
	return -1;
}

/* Return -1; if errno is EIO, record that the block is damaged. */
static inline int ext_fail_at(const struct ext *ext, uint64_t block)
{
	if (errno == EIO)
		damage_note(ext->fs.fd,
			ext->window.offset + block * ext->super.block_size, 0);
	return -1;
}

/* --- superblock.c --------------------------------------------------------- */

/* Fill in ext->super, and narrow the window to the file system. */
int ext_super_read(struct ext *ext, struct error *err);

/* Read all of `size` bytes at `offset` of the partition, or -1 with EIO. */
int ext_pread(const struct ext *ext, void *buffer, size_t size,
	uint64_t offset);

void ext_statfs(struct filesystem *fs, struct statvfs *ret_st);

/* --- metadata.c ----------------------------------------------------------- */

/* Whether the file system has these blocks, and none of them is the
 * superblock's. */
bool ext_has_blocks(const struct ext *ext, uint64_t first, uint64_t count);

/*
 * A block of metadata, of super.block_size bytes, until ext_metadata_put();
 * NULL with errno.  A thread that holds one must not get another.
 */
const struct cache_block *ext_metadata_get(struct ext *ext,
	struct read_context *context, uint64_t block);
/* NULL-safe. */
void ext_metadata_put(struct ext *ext, const struct cache_block *block);

/* Copy `size` bytes, which lie in one block. */
int ext_metadata_read(struct ext *ext, struct read_context *context,
	uint64_t block, uint32_t offset, void *buffer, size_t size);

/* The first block of a group's table of inodes. */
int ext_group_inodes(struct ext *ext, struct read_context *context,
	uint32_t group, uint64_t *ret_block);

/* --- inode.c -------------------------------------------------------------- */

/* EIO if no inode in use has that number. */
int ext_inode_get(struct ext *ext, struct read_context *context, uint64_t ref,
	struct ext_inode *ret_inode);
/* The same; ENOTDIR if it is not a directory. */
int ext_inode_get_directory(struct ext *ext, struct read_context *context,
	uint64_t ref, struct ext_inode *ret_inode);

int ext_stat(struct filesystem *fs, struct read_context *context, uint64_t ref,
	struct stat *ret_st);
int ext_readlink(struct filesystem *fs, struct read_context *context,
	uint64_t ref, char *target, size_t size);

/* --- xattr.c -------------------------------------------------------------- */

/* A value, in a block of metadata that is held. */
struct ext_value {
	const struct cache_block *held;
	const unsigned char *bytes;
	size_t size;
};

/*
 * The part of an inline file that does not fit into inode->block, which may be
 * empty.  ENODATA if there is none: the file does not lie in its inode.
 * Release it with ext_metadata_put(value->held).
 */
int ext_inline_value(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, struct ext_value *ret_value);

int ext_is_opaque(struct filesystem *fs, struct read_context *context,
	uint64_t directory);

/* --- map.c, pointers.c, extents.c ----------------------------------------- */

/* Contiguous blocks of a file. */
struct ext_run {
	uint64_t physical; /* the first one's number; 0: a hole */
	uint64_t count;    /* not 0 */
};

/*
 * Find up to `wanted` blocks of a file, from block `logical` on: as many as are
 * contiguous, or fewer.
 */
int ext_map(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t logical, uint64_t wanted,
	struct ext_run *ret_run);

/*
 * For ext_map(), which checks what they return. ext_map_extents() may return
 * more than is wanted; ext_map_pointers() looks at `wanted` pointers at most.
 */
int ext_map_pointers(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t logical, uint64_t wanted,
	struct ext_run *ret_run);
int ext_map_extents(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t logical,
	struct ext_run *ret_run);

/* --- file.c --------------------------------------------------------------- */

/* Read all of `size` bytes at `offset`, which the file must have. */
int ext_read_bytes(struct ext *ext, struct read_context *context,
	const struct ext_inode *inode, uint64_t offset, size_t size,
	unsigned char *buffer);

enum read_result ext_read(struct filesystem *fs, struct read_context *context,
	uint64_t ref, uint64_t offset, size_t size, void *buffer,
	struct fs_data *ret_data);

/* --- dir.c, scan.c, htree.c ----------------------------------------------- */

/* An entry of a directory; the name has no NUL, and is not "." or "..". */
struct ext_dirent {
	uint32_t number; /* of its inode */
	unsigned int type;
	const char *name;
	size_t length;
};

/* A position in a directory.  It may hold a block. */
struct ext_scan {
	struct ext *ext;
	struct read_context *context;
	const struct ext_inode *inode;
	uint64_t position;
	uint64_t size; /* of the directory */
	size_t scanned;
	/* The part of it that is in memory: `bytes` from `start` to `end`. */
	const struct cache_block *held;
	const unsigned char *bytes;
	uint64_t start, end;
};

/* Begin at the block that has `position`. */
void ext_scan_open(struct ext_scan *scan, struct ext *ext,
	struct read_context *context, const struct ext_inode *directory,
	uint64_t position);
/* 1 with the next entry, until the scan is used again; 0 at the end; or -1. */
int ext_scan_next(struct ext_scan *scan, struct ext_dirent *ret_entry);
/* Hold nothing.  The scan can go on. */
void ext_scan_release(struct ext_scan *scan);
#define EXT_SCAN_CLEANUP __attribute__((cleanup(ext_scan_release)))

/*
 * htree.c: find the only block of the directory that can have the name.  -1,
 * without errno, if there is no index, or if it does not tell.
 */
int ext_htree_find(struct ext *ext, struct read_context *context,
	const struct ext_inode *directory, const char *name, size_t length,
	uint64_t *ret_block);

int ext_lookup(struct filesystem *fs, struct read_context *context,
	uint64_t directory, const char *name, uint64_t *ret_ref);
int ext_list(struct filesystem *fs, struct read_context *context,
	uint64_t directory, uint64_t cookie, fs_visit *visit, void *arg);
int ext_parent_number(struct filesystem *fs, struct read_context *context,
	uint64_t directory, ino_t *ret_number);

#endif
