/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_EXT_SUPERBLOCK_H
#define COMMON_EXT_SUPERBLOCK_H

#include <stdint.h>

#include "common/error.h"

/*
 * The superblock of ext2, ext3 and ext4.  Names and numbers follow the kernel's
 * fs/ext4/ext4.h.
 */
#define EXT_SUPER_OFFSET 1024 /* from the beginning of the file system */
#define EXT_SUPER_SIZE   1024
#define EXT_SUPER_MAGIC  56 /* where this lies: */
#define EXT_MAGIC        0xEF53

/* Features that change how files are read. */
#define EXT_INCOMPAT_FILETYPE    0x00002
#define EXT_INCOMPAT_RECOVER     0x00004
#define EXT_INCOMPAT_JOURNAL_DEV 0x00008
#define EXT_INCOMPAT_META_BG     0x00010
#define EXT_INCOMPAT_EXTENTS     0x00040
#define EXT_INCOMPAT_64BIT       0x00080
#define EXT_INCOMPAT_MMP         0x00100
#define EXT_INCOMPAT_FLEX_BG     0x00200
#define EXT_INCOMPAT_EA_INODE    0x00400
#define EXT_INCOMPAT_CSUM_SEED   0x02000
#define EXT_INCOMPAT_LARGEDIR    0x04000
#define EXT_INCOMPAT_INLINE_DATA 0x08000
#define EXT_INCOMPAT_ENCRYPT     0x10000
#define EXT_INCOMPAT_CASEFOLD    0x20000

/*
 * Check that the server can read a file system with this superblock, in `room`
 * bytes: its magic number, its features, its size, and that it is clean.  The
 * bytes are untrusted.  err->text is a sentence about "it".
 */
int ext_superblock_check(const unsigned char superblock[EXT_SUPER_SIZE],
	uint64_t room, struct error *err);

#endif
