/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_FORMAT_H
#define SPANK_SERVER_SQUASHFS_FORMAT_H

/*
 * The format of squashfs 4.0: little-endian, packed, unaligned.  It is read as
 * bytes, field by field, never through a struct.  Names and numbers follow the
 * kernel's fs/squashfs/squashfs_fs.h.
 */
#include <stdint.h>

#define SQUASH_MAGIC          0x73717368
#define SQUASH_SUPER_SIZE     96
#define SQUASH_METADATA_SIZE  8192
#define SQUASH_BLOCK_MIN      4096
#define SQUASH_BLOCK_MAX      (1024 * 1024)
#define SQUASH_NO_FRAGMENT    0xffffffff
#define SQUASH_NO_TABLE       UINT64_MAX
#define SQUASH_FRAGMENT_SIZE  16 /* of a fragment table's entry */
#define SQUASH_ID_SIZE        4
#define SQUASH_POINTER_SIZE   8  /* of an entry in a table's index */
#define SQUASH_REFERENCE_BITS 48 /* a block's position, and an offset in it */
#define SQUASH_POSITION_BITS  56 /* of any block of an image */

/* The 16-bit header of a metadata block: its size, and whether it is stored. */
#define SQUASH_METADATA_STORED 0x8000
/* The 32-bit header of a data block: likewise. */
#define SQUASH_DATA_STORED 0x01000000
/* All other bits are undefined. */
#define SQUASH_DATA_SIZE_MASK 0x00ffffff

enum squash_type {
	SQUASH_DIR = 1,
	SQUASH_REG,
	SQUASH_SYMLINK,
	SQUASH_BLOCK_DEVICE,
	SQUASH_CHARACTER_DEVICE,
	SQUASH_FIFO,
	SQUASH_SOCKET,
	SQUASH_EXTENDED, /* the extended types begin here */
};

/* Directories: a header, then as many entries as it says, and so on. */
#define SQUASH_DIR_HEADER_SIZE  12
#define SQUASH_DIR_ENTRY_SIZE   8
#define SQUASH_DIR_INDEX_SIZE   12
#define SQUASH_DIR_ENTRIES_MAX  256
#define SQUASH_DIR_SIZE_OF_DOTS 3 /* added to a directory's size */

#endif
