/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_ENVIRONMENT_WORD_H
#define COMMON_ENVIRONMENT_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/environment_reader.h"

/* Linux takes no longer string in execve(2): MAX_ARG_STRLEN. */
#define ENVIRONMENT_WORD_MAX       (128 << 10)
#define ENVIRONMENT_WORD_NAME_SIZE 256

/* What is left of a script's text; any bytes. */
struct environment_text {
	const char *at;
	const char *end;
};

/* A value in the making. */
struct environment_word {
	char *bytes; /* ENVIRONMENT_WORD_MAX of them, and a NUL */
	size_t length;
	bool overflow;
};

static inline bool environment_text_is_at_end(
	const struct environment_text *text)
{
	return text->at == text->end;
}

/* The next byte; '\0' at the end. */
static inline char environment_text_peek(const struct environment_text *text)
{
	return text->at < text->end ? *text->at : '\0';
}

/* Can no word go on here? */
bool environment_word_is_at_end(const struct environment_text *text);

/* Take a name of a variable from the text; false if there is none. */
bool environment_word_take_name(struct environment_text *text,
	char name[ENVIRONMENT_WORD_NAME_SIZE]);

/* The value of a variable, exported or not; NULL if there is none. */
const char *environment_word_look_up(const struct environment_reader *reader,
	const char *name);

/*
 * Take a word, which may be empty, and expand it into `value`, with a NUL
 * behind.  Returns false if there is more in it than plain text and parameters,
 * or if it is too long; the text is then somewhere in it.
 */
bool environment_word_take(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value);

#endif
