/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_WORD_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/environment/sh/state.h"
#include "spank/plugin/environment/sh/text.h"

/* The longest string that execve(2) accepts with pages of 4 KiB: 32 pages. */
#define ENVIRONMENT_WORD_MAX       (128 << 10)
#define ENVIRONMENT_WORD_NAME_SIZE 256

/* A word while it is parsed, and its value. */
struct environment_word {
	char *bytes; /* room for ENVIRONMENT_WORD_MAX and a NUL */
	size_t length;
	bool overflow;
	bool is_bare;      /* has an unquoted parameter */
	bool is_ambiguous; /* shells differ in its value */
};

/* Parse the name of a variable; false if there is none. */
bool environment_word_parse_name(struct environment_text *text,
	char name[ENVIRONMENT_WORD_NAME_SIZE]);

/* The value of a variable, exported or not; NULL if there is none. */
const char *environment_word_look_up(const struct environment_reader *reader,
	const char *name);

/*
 * Parse a word, which may be empty, and expand it into `value`, with a NUL at
 * its end.  Returns false if the word has anything but plain text, quotes and
 * parameters, or is too long; the position in the text is then undefined.
 */
bool environment_word_parse(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value);

/* Insert text before a parsed word.  Returns false if it becomes too long. */
bool environment_word_prepend(struct environment_word *value, const char *text);

#endif
