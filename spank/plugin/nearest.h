/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_NEAREST_H
#define SPANK_PLUGIN_NEAREST_H

#include <limits.h>
#include <stdbool.h>

/*
 * Which file of `directory` may have been meant by `name`, which is not there:
 * one that differs in a few characters, or in its ending alone ("base" or
 * "base.img" for "base.sif").  False if there is none, or if the directory
 * cannot be read.  Reads names only, a bounded number of them, with the
 * caller's rights.
 */
bool nearest_name(const char *directory, const char *name,
	char ret_name[NAME_MAX + 1]);

#endif
