/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_READER_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/environment/sh/environment.h"
#include "spank/plugin/environment/sh/state.h"

/* What is exported from the beginning; taken from `start`. */
int environment_reader_start(struct environment_reader *reader,
	struct environment *start, struct error *err);

/*
 * Read the text of one script of an image, and set in the reader what it
 * exports.  Understands assignments of plain values, files that are sourced,
 * and `if` with a condition on values and files; skips and counts all other
 * lines, among them all of case, loops and functions.  Executes nothing, but
 * looks up and reads files that the text names.  Files of an image are read one
 * after the other.  Fails without memory, or if there are more variables than
 * an environment takes.
 */
int environment_reader_read(struct environment_reader *reader, const char *text,
	size_t length, struct error *err);

/* Is it certain no more, whatever follows? */
bool environment_reader_is_ambiguous(const struct environment_reader *reader);

/* Would every shell have exported the same? */
bool environment_reader_is_certain(const struct environment_reader *reader);

void environment_reader_free(struct environment_reader *reader);

#endif
