/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_POLICY_H
#define GPUS_POLICY_H

#include <stdbool.h>

#include "spank/gpus/findings.h"

/*
 * Add the host's file `path` as the library `name`, and as its soname too, if
 * that is another name.  The finding has the path that symlinks lead to.  A
 * name that is there already stays what it is.  Left out: what is not a library
 * of this machine's ABI, and libc or its like, whatever it is called here.
 * Returns false with errno only if there is no such file.
 */
bool policy_add_library(struct findings *findings, const char *path,
	const char *name);

/*
 * Add the host's file or directory `path` at `target`, an absolute path inside.
 * Left out: targets below /dev, /proc and /sys, which are the host's inside;
 * targets with a ".." in them; libc and its like; and, with a note, directories
 * that would hide what the image needs, or bring the host's libc.  Returns
 * false with errno only if there is no such file.
 */
bool policy_add_bind(struct findings *findings, const char *path,
	const char *target);

/* Add "NAME=VALUE", unless it is a variable that must not come from a file. */
void policy_add_env(struct findings *findings, const char *assignment);

#endif
