/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SETTERS_H
#define SPANK_PLUGIN_ENVIRONMENT_SETTERS_H

#include <stdio.h>

#include "common/error.h"
#include "spank/plugin/environment/sh/environment.h"

/*
 * Which of an image's scripts has changed a variable last, for --sif-debug: a
 * list of names, whose values are the scripts' names.
 */

/* More scripts would make too large an environment of a shell's. */
#define IMAGE_SETTERS_SCRIPTS_MAX 16

/*
 * A script has been read: note it for what differs between `exported` and
 * `seen`, which becomes alike.
 */
int image_setters_note(const struct environment *exported, const char *script,
	struct environment *seen, struct environment *setters,
	struct error *err);

/* In the program of a shell: remember what is exported after `number` scripts;
 * and hand that on to what is executed next, for `count` scripts in all. */
void image_setters_print_snapshot(FILE *out, size_t number);
void image_setters_print_export(FILE *out, size_t count);

/* Take what the program has handed on out of `image`, and note what it says of
 * the `count` scripts. */
int image_setters_read_snapshots(struct environment *image, char *const *names,
	size_t count, struct environment *setters, struct error *err);

#endif
