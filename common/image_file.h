/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IMAGE_FILE_H
#define COMMON_IMAGE_FILE_H

#include <stdbool.h>
#include <time.h>

#include "common/error.h"

/*
 * Open an image for reading, with the caller's rights.  Does not wait for the
 * writer of a FIFO, and refuses files of /proc and /sys; the server checks
 * everything else.  Returns the descriptor, owned by the caller; -1 with a
 * sentence for the user.
 */
int image_file_open(const char *path, struct error *err);

/* Two times of a file's status: were they the same, to the nanosecond? */
static inline bool image_file_is_same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

#endif
