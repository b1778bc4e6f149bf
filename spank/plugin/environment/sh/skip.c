/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Skips lines that reader.c does not understand: where they end, and whether
 * they open or close a compound command.  This is a guess from the words at the
 * start of commands, without a grammar.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "spank/plugin/environment/sh/skip.h"

static bool is_one_of(const char *word, size_t length, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == length && memcmp(*list, word, length) == 0)
			return true;
	return false;
}

static int depth_change(const char *word, size_t length, bool is_command)
{
	static const char *const opening[] = { "if", "case", "for", "while",
		"until", "select", NULL };
	static const char *const closing[] = { "fi", "esac", "done", "}",
		NULL };
	static const char *const brace[] = { "{", NULL };

	/* Also after "function NAME". */
	if (is_one_of(word, length, brace))
		return 1;
	if (is_command && is_one_of(word, length, opening))
		return 1;
	return is_command && is_one_of(word, length, closing) ? -1 : 0;
}

/* Does a command begin after this word? */
static bool precedes_command(const char *word, size_t length)
{
	static const char *const words[] = { "if", "then", "elif", "else",
		"while", "until", "do", "{", "!", NULL };

	return is_one_of(word, length, words);
}

/* After the opening quote. */
static const char *skip_quotes(const char *at, const char *end, char quote)
{
	while (at < end && *at != quote)
		at += *at == '\\' && quote == '"' && end - at > 1 ? 2 : 1;
	return at < end ? at + 1 : end;
}

static bool is_any_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static const char *skip_word(const char *at, const char *end)
{
	while (at < end && !is_any_of(*at, " \t\n;|&()")) {
		if (*at == '"' || *at == '\'')
			at = skip_quotes(at + 1, end, *at);
		else
			at += *at == '\\' && end - at > 1 ? 2 : 1;
	}
	return at;
}

static bool is_here_document(const char *word, size_t length)
{
	size_t i;

	for (i = 0; i + 1 < length; i++)
		if (word[i] == '<' && word[i + 1] == '<')
			return true;
	return false;
}

const char *environment_skip_line(const char *at, const char *end, int *depth)
{
	bool is_command = true;
	const char *word;

	while (at < end && *at != '\n') {
		word = at;
		if (is_any_of(*at, " \t")) {
			at++;
		} else if (is_any_of(*at, ";|&()")) {
			is_command = true;
			at++;
		} else if (*at == '#') {
			while (at < end && *at != '\n')
				at++;
		} else {
			at = skip_word(at, end);
			if (is_here_document(word, at - word))
				return end;
			*depth += depth_change(word, at - word, is_command);
			if (*depth < 0)
				*depth = 0;
			is_command =
				is_command && precedes_command(word, at - word);
		}
	}
	return at < end ? at + 1 : end;
}
