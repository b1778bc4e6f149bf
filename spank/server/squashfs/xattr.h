/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SQUASHFS_XATTR_H
#define SPANK_SERVER_SQUASHFS_XATTR_H

#include <stddef.h>
#include <stdint.h>

/* An inode without extended attributes. */
#define SQUASH_NO_XATTRS 0xffffffff

/* The size of an entry in the table of attributes. */
#define SQUASH_XATTR_ID_SIZE 16

/* Where the attributes of an inode are read, one after the other.  0 or -1 with
 * errno. */
struct xattr_source {
	int (*read)(void *arg, void *buffer, size_t size);
	/* Go on reading at a reference. */
	int (*jump)(void *arg, uint64_t ref);
	void *arg;
};

/*
 * Whether one of the next `count` attributes says that their directory is
 * opaque: 0 or 1, or -1 with errno.
 */
int xattr_find_opaque(const struct xattr_source *source, uint32_t count);

#endif
