/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONTAINER_VARS_H
#define SPANK_PLUGIN_CONTAINER_CONTAINER_VARS_H

#include "common/error.h"

/* The most variables in a list, which has room for a NULL behind them. */
#define CONTAINER_VARS_MAX 63

/*
 * Variables that tell a program which container it is in, as NAME=VALUE: a
 * NULL-terminated list of owned strings, with room for CONTAINER_VARS_MAX.
 */

int container_vars_add(char **vars, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * What is known of the root image at `path`: SIF_IMAGE (that), SIF_NAME (of the
 * file), SIF_UUID, SIF_PARTITION (offset:size in bytes), and the names that
 * Singularity and Apptainer give.  `info` is what the server reports
 * about it, see image_send_file().
 */
int container_vars_add_image(const char *path, const char *info, char **vars,
	struct error *err);

void container_vars_free(char **vars);

#endif
