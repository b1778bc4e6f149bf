/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_NEAREST_H
#define SPANK_PLUGIN_NEAREST_H

#include <limits.h>
#include <stdbool.h>

/*
 * Find the file in `directory` that may have been meant by `name`, which does
 * not exist: one that differs in a few characters, or only in its extension
 * ("base" or "base.img" for "base.sif").  False if there is none, or if the
 * directory cannot be read.  Reads only names, and a bounded number of them,
 * with the caller's rights.
 */
bool nearest_name(const char *directory, const char *name,
	char ret_name[NAME_MAX + 1]);

#endif
