/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_FORMAT_H
#define SPANK_SERVER_SQUASHFS_FORMAT_H

/*
 * Squashfs 4.0 as it lies in the image: little-endian, packed, at any address.
 * So it is read as bytes, field by field, and no structure is laid over it.
 * Names and numbers follow the kernel's fs/squashfs/squashfs_fs.h.
 */
#include <stdint.h>

#define SQUASH_MAGIC          0x73717368
#define SQUASH_SUPER_SIZE     96
#define SQUASH_METADATA_SIZE  8192
#define SQUASH_BLOCK_MIN      4096
#define SQUASH_BLOCK_MAX      (1024 * 1024)
#define SQUASH_NO_FRAGMENT    0xffffffff
#define SQUASH_NO_TABLE       UINT64_MAX
#define SQUASH_FRAGMENT_SIZE  16 /* of an entry of the fragment table */
#define SQUASH_ID_SIZE        4
#define SQUASH_POINTER_SIZE   8  /* of a table's block, in its list of them */
#define SQUASH_REFERENCE_BITS 48 /* of a block's place and an offset in it */

/* A metadata block's 16 bits: its size, and whether it is stored as it is. */
#define SQUASH_METADATA_STORED 0x8000
/* A data block's 32 bits. */
#define SQUASH_DATA_STORED 0x01000000
/* A size above this one has bits that mean nothing. */
#define SQUASH_DATA_SIZE_MASK 0x00ffffff

enum squash_type {
	SQUASH_DIR = 1,
	SQUASH_REG,
	SQUASH_SYMLINK,
	SQUASH_BLOCK_DEVICE,
	SQUASH_CHARACTER_DEVICE,
	SQUASH_FIFO,
	SQUASH_SOCKET,
	SQUASH_EXTENDED, /* added to those above, less one */
};

/* Directories: a header, then up to 256 entries that it counts, and so on. */
#define SQUASH_DIR_HEADER_SIZE  12
#define SQUASH_DIR_ENTRY_SIZE   8
#define SQUASH_DIR_INDEX_SIZE   12
#define SQUASH_DIR_ENTRIES_MAX  256
#define SQUASH_DIR_SIZE_OF_DOTS 3 /* counted in a directory's size */

#endif
