/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the end of a command that is not executed: one in a branch that is not
 * taken, such as the search for apps in 95-apps.sh of every image.  Knows only
 * the part of the grammar on which all shells agree.  Refuses redirections, &&
 * and ||, functions, loops and substitutions.
 */
#include <string.h>

#include "spank/plugin/environment/variables/environment.h"
#include "spank/plugin/environment/sh/syntax.h"

static bool accept_any(struct environment_text *text, const char *set)
{
	char c = environment_text_peek(text);

	if (c == '\0' || !strchr(set, c))
		return false;
	text->at++;
	return true;
}

static bool skip_name(struct environment_text *text)
{
	size_t length = environment_name_length(text->at, text->end - text->at);

	text->at += length;
	return length > 0;
}

static bool skip_plain(struct environment_text *text)
{
	char c = environment_text_peek(text);

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9')) {
		text->at++;
		return true;
	}
	return accept_any(text, "_./:=,%+-@!");
}

/* After "$". */
static bool skip_parameter(struct environment_text *text)
{
	if (!accept_any(text, "{"))
		return skip_name(text) || accept_any(text, "@#?123456789");
	if (!skip_name(text))
		return false;
	if (accept_any(text, "}"))
		return true;
	accept_any(text, ":");
	if (!accept_any(text, "-+"))
		return false;
	while (skip_plain(text))
		;
	return accept_any(text, "}");
}

/* Neither a control character nor outside of ASCII. */
static bool skip_printable(struct environment_text *text)
{
	char c = environment_text_peek(text);

	if ((c < ' ' || c > '~') && c != '\t' && c != '\n')
		return false;
	text->at++;
	return true;
}

static bool skip_double_quoted(struct environment_text *text)
{
	if (accept_any(text, "$"))
		return skip_parameter(text);
	if (accept_any(text, "\\"))
		return accept_any(text, "$`\"\\");
	return environment_text_peek(text) != '`' && skip_printable(text);
}

/* One element of a word; a quoted string is one element. */
static bool skip_element(struct environment_text *text)
{
	if (accept_any(text, "\"")) {
		while (!accept_any(text, "\""))
			if (!skip_double_quoted(text))
				return false;
		return true;
	}
	if (accept_any(text, "'")) {
		while (!accept_any(text, "'"))
			if (!skip_printable(text))
				return false;
		return true;
	}
	return accept_any(text, "$") ? skip_parameter(text) : skip_plain(text);
}

static bool skip_word(struct environment_text *text)
{
	do
		if (!skip_element(text))
			return false;
	while (!environment_text_is_at_word_end(text));
	return true;
}

static bool is_reserved(struct environment_text text)
{
	static const char *const words[] = { "if", "then", "elif", "else", "fi",
		"do", "done", "case", "esac", "for", "while", "until", "in",
		"function", "select", "time", "!", "coproc", "repeat",
		"foreach", "end", "nocorrect", "namespace", NULL };
	const char *const *word;

	for (word = words; *word; word++)
		if (environment_text_accept_keyword(&text, *word))
			return true;
	return false;
}

static bool skip_simple_command(struct environment_text *text)
{
	/* "[" and "[[" are not words that skip_word() accepts. */
	if (!environment_text_accept_keyword(text, "[") &&
		!environment_text_accept_keyword(text, "[[") &&
		(is_reserved(*text) || !skip_word(text)))
		return false;
	while (!environment_text_accept_end(text))
		if (!environment_text_accept_keyword(text, "]") &&
			!environment_text_accept_keyword(text, "]]") &&
			!skip_word(text))
			return false;
	return true;
}

bool environment_syntax_is_closing(struct environment_text text)
{
	static const char *const words[] = { "then", "elif", "else", "fi",
		NULL };
	const char *const *word;

	for (word = words; *word; word++)
		if (environment_text_accept_keyword(&text, *word))
			return true;
	return false;
}

/* At least one command, up to a closing word. */
static bool skip_list(struct environment_text *text, int depth)
{
	bool is_empty = true;

	for (;; is_empty = false) {
		environment_text_skip_lines(text);
		if (environment_syntax_is_closing(*text))
			return !is_empty;
		if (environment_text_is_at_end(text) ||
			!environment_syntax_skip_command(text, depth))
			return false;
	}
}

/* After "if". */
static bool skip_branches(struct environment_text *text, int depth)
{
	do
		if (!skip_list(text, depth) ||
			!environment_text_accept_keyword(text, "then") ||
			!skip_list(text, depth))
			return false;
	while (environment_text_accept_keyword(text, "elif"));
	if (environment_text_accept_keyword(text, "else") &&
		!skip_list(text, depth))
		return false;
	return environment_text_accept_keyword(text, "fi") &&
	       environment_text_accept_end(text);
}

bool environment_syntax_skip_command(struct environment_text *text, int depth)
{
	if (!environment_text_accept_keyword(text, "if"))
		return skip_simple_command(text);
	return depth < ENVIRONMENT_SYNTAX_DEPTH_MAX &&
	       skip_branches(text, depth + 1);
}
