/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_TEXT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_TEXT_H

#include <stdbool.h>

/* The rest of a script's text, which may have any bytes. */
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

/* Is this the end of a word? */
bool environment_text_is_at_word_end(const struct environment_text *text);

/* Skip to the next word of the same command. */
void environment_text_skip_blanks(struct environment_text *text);

/* Skip empty lines and comments, up to the next command. */
void environment_text_skip_lines(struct environment_text *text);

/* Skip the end of a command: a newline, a semicolon, a comment, or the end of
 * the text.  Returns false if the command continues. */
bool environment_text_accept_end(struct environment_text *text);

/* Skip this word, which must be unquoted; false if another one follows. */
bool environment_text_accept_keyword(struct environment_text *text,
	const char *word);

#endif
