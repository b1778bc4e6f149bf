/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONTAINER_VARS_H
#define SPANK_PLUGIN_CONTAINER_CONTAINER_VARS_H

#include "common/error.h"
#include "common/image_info.h"

/* The most variables in a list; the array has one element more, for the NULL.
 */
#define CONTAINER_VARS_MAX 63

/*
 * Variables that tell a program which container it is in: a NULL-terminated
 * array of owned strings, NAME=VALUE, with room for CONTAINER_VARS_MAX.
 */

/* Append a variable.  Fails if the array is full, or out of memory. */
int container_vars_add(char **vars, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Append what is known about the root image at `path`: SIF_IMAGE (the path),
 * SIF_NAME (the name of the file), SIF_UUID, SIF_PARTITION (offset:size in
 * bytes), and the variables of Singularity and Apptainer.
 */
int container_vars_add_image(const char *path, const struct image_info *info,
	char **vars, struct error *err);

void container_vars_free(char **vars);

#endif
