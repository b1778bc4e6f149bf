/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_POLICY_H
#define GPUS_POLICY_H

#include <stdbool.h>

#include "spank/gpus/findings.h"

/*
 * Add the host's file `path` as the library `name`, and under its soname, too,
 * if that differs.  Symlinks in the path are resolved.  The first file of a
 * name wins.  Leaves out files that are not libraries of this machine's ABI,
 * and libc and similar libraries under any name.  Returns false with errno only
 * if there is no such file.
 */
bool policy_add_library(struct findings *findings, const char *path,
	const char *name);

/*
 * Add a bind of the host's file or directory `path` to `target`, an absolute
 * path in the container.  Leaves out targets below /dev, /proc and /sys, which
 * are the host's in a container; targets with a ".."; libc and similar files;
 * and, with a note, directories that would hide what the image needs, or have
 * the host's libc.  Returns false with errno only if there is no such file.
 */
bool policy_add_bind(struct findings *findings, const char *path,
	const char *target);

/* Add "NAME=VALUE", unless a CDI file must not set that variable. */
void policy_add_env(struct findings *findings, const char *assignment);

#endif
