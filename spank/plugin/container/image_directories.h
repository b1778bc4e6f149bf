/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_IMAGE_DIRECTORIES_H
#define SPANK_PLUGIN_CONTAINER_IMAGE_DIRECTORIES_H

#include <stdbool.h>
#include <stdint.h>

/* Looks for `name` in a directory, and stores what it has found. */
typedef bool image_directory_finder(const char *directory, const char *name,
	char *ret_found);

/*
 * Look for `name` with `find` in each image directory, until one has it.
 * `path` is path= of plugstack.conf, DIR[:DIR], or NULL: there are none.
 * Variables in it are those of settings/admin_variables.h; `job` is for them, 0
 * where there is none yet.  A directory that depends on a variable that is not
 * known here is left out.  Not as root: looks up the user.
 */
bool image_directories_find(const char *path, uint32_t job, const char *name,
	image_directory_finder *find, char *ret_found);

#endif
