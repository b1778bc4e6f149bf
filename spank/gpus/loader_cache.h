/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_LOADER_CACHE_H
#define GPUS_LOADER_CACHE_H

#include "common/error.h"

/*
 * The loader's cache as `ldconfig -p` prints it.  The caller frees the text.
 * Waits at most a few seconds.
 */
int loader_cache_load(char **ret_text, struct error *err);

/*
 * The next library in the text: its name and path are NUL-terminated in place.
 * *position is first the start of the text, and advances with each call.
 * Returns 1, or 0 at the end of the text.  Skips lines without a library.
 */
int loader_cache_next(char **position, char **ret_name, char **ret_path);

#endif
