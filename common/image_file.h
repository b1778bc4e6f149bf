/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IMAGE_FILE_H
#define COMMON_IMAGE_FILE_H

#include "common/error.h"

/*
 * Open an image for reading, with the caller's rights.  Does not wait for the
 * writer of a FIFO, and refuses files of /proc and /sys; the server checks
 * everything else.  Returns the descriptor, owned by the caller; -1 with a
 * sentence for the user.
 */
int image_file_open(const char *path, struct error *err);

#endif
