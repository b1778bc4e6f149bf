/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_WORKING_DIRECTORY_H
#define SPANK_PLUGIN_WORKING_DIRECTORY_H

#include <limits.h>

#include "common/error.h"

/*
 * Inside the container, as the user: change to `wanted` (--sif-workdir), or if
 * that is NULL to `before`, where the task was on the host.  If `before` cannot
 * be entered, change to the WorkingDir of an OCI image, or to '/', and store
 * the errno of why in *ret_moved; otherwise store 0.  Stores what $PWD should
 * be.  Fails if `wanted` cannot be entered. `job` is the task's environment.
 */
int working_directory_change(const char *wanted, const char *before,
	char *const *job, char ret_pwd[PATH_MAX], int *ret_moved,
	struct error *err);

#endif
