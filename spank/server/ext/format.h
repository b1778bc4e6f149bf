/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_EXT_FORMAT_H
#define SPANK_SERVER_EXT_FORMAT_H

/*
 * The format of ext2, ext3 and ext4: little-endian.  It is read as bytes, field
 * by field, never through a struct.  Names and numbers follow the kernel's
 * fs/ext4/ext4.h, ext4_extents.h and xattr.h, and its
 * Documentation/filesystems/ext4.
 */
#include "common/ext_superblock.h"

#define EXT_BLOCK_MIN   1024
#define EXT_BLOCK_MAX   65536
#define EXT_ROOT        2  /* inode number of the root directory */
#define EXT_FIRST_INODE 11 /* revision 0: those before are reserved */

/* s_flags: how a character is hashed. */
#define EXT_FLAG_UNSIGNED_HASH 0x0002

/* Features, but those of common/ext_superblock.h. */
#define EXT_COMPAT_DIR_INDEX     0x0020
#define EXT_COMPAT_SPARSE_SUPER2 0x0200
#define EXT_RO_COMPAT_SPARSE     0x0001
#define EXT_RO_COMPAT_HUGE_FILE  0x0008

/* Group descriptors: with EXT_INCOMPAT_64BIT as long as the superblock says. */
#define EXT_DESCRIPTOR_SIZE    32
#define EXT_DESCRIPTOR_64_SIZE 64

#define EXT_INODE_SIZE_MIN 128
/* i_block: pointers, the root of an extent tree, or a short target. */
#define EXT_INODE_BLOCK_SIZE 60

/* i_flags. */
#define EXT_FLAG_INDEX       0x00001000
#define EXT_FLAG_HUGE_FILE   0x00040000
#define EXT_FLAG_EXTENTS     0x00080000
#define EXT_FLAG_INLINE_DATA 0x10000000

/* i_block as pointers. */
#define EXT_POINTER_SIZE    4
#define EXT_POINTERS_DIRECT 12

/* Extent trees: a header, then entries. */
#define EXT_EXTENT_MAGIC     0xF30A
#define EXT_EXTENT_SIZE      12
#define EXT_EXTENT_DEPTH_MAX 5
/* A length above this is of an extent without data. */
#define EXT_EXTENT_LENGTH_MAX 32768

/* Directories: an inode number, two lengths and a type, then the name. */
#define EXT_DIRENT_SIZE 8
/* An inline directory begins with its parent's number. */
#define EXT_INLINE_PARENT_SIZE 4

/* Extended attributes, in the inode or in a block of their own. */
#define EXT_XATTR_MAGIC         0xEA020000
#define EXT_XATTR_INODE_HEADER  4
#define EXT_XATTR_BLOCK_HEADER  32
#define EXT_XATTR_ENTRY_SIZE    16
#define EXT_XATTR_INDEX_USER    1
#define EXT_XATTR_INDEX_TRUSTED 4
#define EXT_XATTR_INDEX_SYSTEM  7

#endif
