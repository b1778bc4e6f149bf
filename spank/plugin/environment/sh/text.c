/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lies between the words of a shell script: blanks, comments, newlines and
 * the ends of commands, as POSIX defines them ("2.3 Token Recognition" of the
 * Shell Command Language).  Words are parsed in word.c.
 */
#include <string.h>

#include "spank/plugin/environment/sh/text.h"

bool environment_text_is_at_word_end(const struct environment_text *text)
{
	return environment_text_is_at_end(text) ||
	       (*text->at && strchr(" \t\n;", *text->at));
}

void environment_text_skip_blanks(struct environment_text *text)
{
	for (;; text->at++) {
		if (text->end - text->at >= 2 && text->at[0] == '\\' &&
			text->at[1] == '\n')
			text->at++;
		else if (environment_text_peek(text) != ' ' &&
			 environment_text_peek(text) != '\t')
			return;
	}
}

static void skip_comment(struct environment_text *text)
{
	while (!environment_text_is_at_end(text) && *text->at != '\n')
		text->at++;
}

void environment_text_skip_lines(struct environment_text *text)
{
	for (;; text->at++) {
		environment_text_skip_blanks(text);
		if (environment_text_peek(text) == '#')
			skip_comment(text);
		if (environment_text_peek(text) != '\n')
			return;
	}
}

bool environment_text_accept_end(struct environment_text *text)
{
	environment_text_skip_blanks(text);
	if (environment_text_peek(text) == '#')
		skip_comment(text);
	if (environment_text_is_at_end(text))
		return true;
	if (*text->at != '\n' && *text->at != ';')
		return false;
	text->at++;
	/* ";;" ends a command only inside case. */
	return text->at[-1] == '\n' || environment_text_peek(text) != ';';
}

bool environment_text_accept_keyword(struct environment_text *text,
	const char *word)
{
	struct environment_text after = { text->at + strlen(word), text->end };

	if ((size_t)(text->end - text->at) < strlen(word) ||
		memcmp(text->at, word, strlen(word)) != 0 ||
		!environment_text_is_at_word_end(&after))
		return false;
	*text = after;
	return true;
}
