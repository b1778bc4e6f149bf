/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PREFETCH_RESOLVE_H
#define SPANK_SERVER_PREFETCH_RESOLVE_H

#include <stdint.h>

#include "common/deadline.h"
#include "spank/server/filesystem/filesystem.h"

/* A regular file in an image. */
struct resolved {
	char *path; /* absolute, without symlinks */
	uint64_t ref;
	uint64_t size;
};

/*
 * Find the file that `path` leads to with the image as root.  -1 if there is
 * none, if it is not a regular file, or if it cannot be found in time: huge
 * directories and long chains of symlinks are not followed.  The caller owns
 * ret_resolved->path.
 */
int resolve(struct filesystem *image, const char *path,
	struct deadline deadline, struct resolved *ret_resolved);

#endif
