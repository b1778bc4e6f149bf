/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONTAINER_VARS_H
#define SPANK_PLUGIN_CONTAINER_CONTAINER_VARS_H

#include "common/error.h"

/* How many facts there can be; a list has room for a NULL behind them. */
#define FACTS_MAX 63

/*
 * Variables that tell a program which container it is in, as NAME=VALUE: a
 * NULL-terminated list of owned strings, with room for FACTS_MAX.
 */

int facts_add(char **facts, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * What is known of the root image at `path`: SIF_IMAGE (that), SIF_NAME (of the
 * file), SIF_UUID, SIF_PARTITION (offset:size in bytes), and the names that
 * Singularity and Apptainer give.  `said` is what the server said of it, see
 * image_offer().
 */
int facts_of_image(const char *path, const char *said, char **facts,
	struct error *err);

void facts_free(char **facts);

#endif
