/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SETTERS_H
#define SPANK_PLUGIN_ENVIRONMENT_SETTERS_H

#include <stdio.h>

#include "common/error.h"
#include "spank/plugin/environment/variables/environment.h"

/*
 * For --sif-debug: which of an image's scripts was the last to change each
 * variable.  The list `setters` has the names of variables, and the names of
 * scripts as their values.
 */

/* With more scripts the environment of the shell would become too large. */
#define IMAGE_SETTERS_SCRIPTS_MAX 16

/*
 * A script has been read: record it for each variable that differs between
 * `exported` and `seen`, and update `seen`.  `script` may be NULL.
 */
int image_setters_note(const struct environment *exported, const char *script,
	struct environment *seen, struct environment *setters,
	struct error *err);

/*
 * Print shell code: take snapshot `number`, after that many scripts; and export
 * all snapshots of `count` scripts to the program that is executed next.
 */
void image_setters_print_snapshot(FILE *out, size_t number);
void image_setters_print_export(FILE *out, size_t count);

/* Remove the snapshots from `image`, and record in `setters` what they say
 * about the `count` scripts. */
int image_setters_read_snapshots(struct environment *image, char *const *names,
	size_t count, struct environment *setters, struct error *err);

#endif
