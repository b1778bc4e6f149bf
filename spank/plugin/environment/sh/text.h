/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_TEXT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_TEXT_H

#include <stdbool.h>

/* What is left of a script's text; any bytes. */
struct environment_text {
	const char *at;
	const char *end;
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
bool environment_text_is_at_word_end(const struct environment_text *text);

/* To the next word of the same command. */
void environment_text_skip_blanks(struct environment_text *text);

/* To the next command: lines that are empty, or have only a comment. */
void environment_text_skip_lines(struct environment_text *text);

/* Take the end of a command: a newline, a semicolon, a comment; the end of the
 * text, too.  False if there is more of the command. */
bool environment_text_accept_end(struct environment_text *text);

/* Take that word, written plainly; false if there is another. */
bool environment_text_accept_keyword(struct environment_text *text,
	const char *word);

#endif
