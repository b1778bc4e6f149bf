/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_RESOLVE_H
#define SPANK_SERVER_PREFETCH_RESOLVE_H

#include <stdint.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "spank/server/filesystem/filesystem.h"

/* A node of an image that a path leads to. */
struct resolved {
	char *path; /* absolute, without symlinks; owned by the caller */
	uint64_t ref;
	uint64_t size;
	mode_t type; /* S_IFMT bits only; never a symlink */
};

/*
 * Find what `path` leads to with the image as root: its symlinks are followed
 * inside the image.  -1 with errno: that of fs_lookup(), ELOOP, ENAMETOOLONG,
 * ETIMEDOUT.
 */
int resolve_node(struct filesystem *image, const char *path,
	struct deadline deadline, struct resolved *ret_resolved);

/*
 * The same for a regular file that may well not be there.  -1 if there is none,
 * or if it cannot be found fast: huge directories are not searched.
 */
int resolve_file(struct filesystem *image, const char *path,
	struct deadline deadline, struct resolved *ret_resolved);

#endif
