/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_LOADER_CACHE_H
#define GPUS_LOADER_CACHE_H

#include "common/error.h"

/*
 * What `ldconfig -p` prints of the loader's cache; owned by the caller, who
 * frees it.  Waits for it a few seconds at most.
 */
int loader_cache_load(char **ret_text, struct error *err);

/*
 * Take the next library out of the text: its name and its path, which stay
 * where they are in `text`, NUL-terminated.  *position starts at the text and
 * moves on.  Returns 0 at the end of the text, else 1.  Lines that tell of no
 * library are skipped.
 */
int loader_cache_next(char **position, char **ret_name, char **ret_path);

#endif
