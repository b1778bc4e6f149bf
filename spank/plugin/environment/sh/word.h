/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_WORD_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/environment/sh/state.h"
#include "spank/plugin/environment/sh/text.h"

/* Linux takes no longer string in execve(2): MAX_ARG_STRLEN. */
#define ENVIRONMENT_WORD_MAX       (128 << 10)
#define ENVIRONMENT_WORD_NAME_SIZE 256

/* A value in the making. */
struct environment_word {
	char *bytes; /* ENVIRONMENT_WORD_MAX of them, and a NUL */
	size_t length;
	bool overflow;
	bool is_bare;      /* has a parameter outside of quotes */
	bool is_ambiguous; /* not every shell makes the same of it */
};

/* Take a name of a variable from the text; false if there is none. */
bool environment_word_parse_name(struct environment_text *text,
	char name[ENVIRONMENT_WORD_NAME_SIZE]);

/* The value of a variable, exported or not; NULL if there is none. */
const char *environment_word_look_up(const struct environment_reader *reader,
	const char *name);

/*
 * Take a word, which may be empty, and expand it into `value`, with a NUL
 * behind.  Returns false if there is more in it than plain text and parameters,
 * or if it is too long; the text is then somewhere in it.
 */
bool environment_word_parse(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value);

/* Put text before a word that was taken.  Returns false if it is too long. */
bool environment_word_prepend(struct environment_word *value, const char *text);

#endif
