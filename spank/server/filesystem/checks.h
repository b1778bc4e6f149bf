/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_CHECKS_H
#define SPANK_SERVER_FILESYSTEM_CHECKS_H

#include <errno.h>

#include "spank/server/filesystem/filesystem.h"

/* What every reader checks once it knows the inode of a request. */

/*
 * How much of `size` bytes at `offset` a file of `file_size` has.  -1 with
 * EINVAL if it is not a regular file, or if `size` is above FS_READ_MAX.
 */
static inline int fs_check_read(mode_t mode, uint64_t file_size,
	uint64_t offset, size_t size, size_t *ret_size)
{
	if (!S_ISREG(mode) || size > FS_READ_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (offset >= file_size)
		*ret_size = 0;
	else
		*ret_size =
			size < file_size - offset ? size : file_size - offset;
	return 0;
}

/*
 * Whether there is a target of `length` bytes that fits into `size` bytes with
 * its NUL.  -1 with EINVAL if it is not a symlink, or with ENAMETOOLONG.
 */
static inline int fs_check_readlink(mode_t mode, uint64_t length, size_t size)
{
	if (!S_ISLNK(mode)) {
		errno = EINVAL;
		return -1;
	}
	if (length >= size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

#endif
