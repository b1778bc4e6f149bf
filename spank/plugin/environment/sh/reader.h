/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_READER_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/environment/variables/environment.h"
#include "spank/plugin/environment/sh/state.h"

/* Start with the exported variables of `start`, which becomes empty. */
int environment_reader_start(struct environment_reader *reader,
	struct environment *start, struct error *err);

/*
 * Read one script of an image, and set in the reader what it exports.
 * Understands assignments of plain values, sourced files, and `if` with a
 * condition on values and files.  Skips and counts all other lines, including
 * case, loops and functions.  Executes nothing, but looks up and reads files
 * that the text names.  Call it for each script in turn.  Fails if out of
 * memory, or if there are too many variables for an environment.
 */
int environment_reader_read(struct environment_reader *reader, const char *text,
	size_t length, struct error *err);

/* Is the result uncertain already, whatever follows? */
bool environment_reader_is_ambiguous(const struct environment_reader *reader);

/* Would every shell have exported the same? */
bool environment_reader_is_certain(const struct environment_reader *reader);

void environment_reader_free(struct environment_reader *reader);

#endif
