/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_IMAGE_FILE_H
#define COMMON_IMAGE_FILE_H

#include "common/error.h"

/*
 * Open an image to read, with the caller's rights: never waits for a writer of
 * a FIFO, refuses files of /proc and /sys.  Everything else about it is for
 * the server to say.  Returns the descriptor, owned by the caller; -1 with a
 * sentence for the user.
 */
int image_file_open(const char *path, struct error *err);

#endif
