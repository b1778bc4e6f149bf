/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a command ends that is not executed: one in a branch that is not taken,
 * such as the search for apps in 95-apps.sh of every image.  A part of the
 * grammar that no two shells see in different ways; all else is refused:
 * redirections, lists by && and ||, functions, loops, substitutions.
 */
#include <string.h>

#include "spank/plugin/environment/sh/environment.h"
#include "spank/plugin/environment/sh/syntax.h"

static bool take_any(struct environment_text *text, const char *set)
{
	char c = environment_text_peek(text);

	if (c == '\0' || !strchr(set, c))
		return false;
	text->at++;
	return true;
}

static bool take_name(struct environment_text *text)
{
	size_t length = environment_name_length(text->at, text->end - text->at);

	text->at += length;
	return length > 0;
}

static bool take_plain(struct environment_text *text)
{
	char c = environment_text_peek(text);

	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9')) {
		text->at++;
		return true;
	}
	return take_any(text, "_./:=,%+-@!");
}

/* After "$". */
static bool take_parameter(struct environment_text *text)
{
	if (!take_any(text, "{"))
		return take_name(text) || take_any(text, "@#?123456789");
	if (!take_name(text))
		return false;
	if (take_any(text, "}"))
		return true;
	take_any(text, ":");
	if (!take_any(text, "-+"))
		return false;
	while (take_plain(text))
		;
	return take_any(text, "}");
}

/* Neither a control character nor beyond ASCII. */
static bool take_printable(struct environment_text *text)
{
	char c = environment_text_peek(text);

	if ((c < ' ' || c > '~') && c != '\t' && c != '\n')
		return false;
	text->at++;
	return true;
}

static bool take_double_quoted(struct environment_text *text)
{
	if (take_any(text, "$"))
		return take_parameter(text);
	if (take_any(text, "\\"))
		return take_any(text, "$`\"\\");
	return environment_text_peek(text) != '`' && take_printable(text);
}

/* One element of a word, with all that is in its quotes. */
static bool take_element(struct environment_text *text)
{
	if (take_any(text, "\"")) {
		while (!take_any(text, "\""))
			if (!take_double_quoted(text))
				return false;
		return true;
	}
	if (take_any(text, "'")) {
		while (!take_any(text, "'"))
			if (!take_printable(text))
				return false;
		return true;
	}
	return take_any(text, "$") ? take_parameter(text) : take_plain(text);
}

static bool take_word(struct environment_text *text)
{
	do
		if (!take_element(text))
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
		if (environment_text_take_keyword(&text, *word))
			return true;
	return false;
}

static bool take_simple(struct environment_text *text)
{
	/* A kind of command of its own to no shell, or to bash, but no word
	 * either. */
	if (!environment_text_take_keyword(text, "[") &&
		!environment_text_take_keyword(text, "[[") &&
		(is_reserved(*text) || !take_word(text)))
		return false;
	while (!environment_text_take_end(text))
		if (!environment_text_take_keyword(text, "]") &&
			!environment_text_take_keyword(text, "]]") &&
			!take_word(text))
			return false;
	return true;
}

bool environment_syntax_is_closing(struct environment_text text)
{
	static const char *const words[] = { "then", "elif", "else", "fi",
		NULL };
	const char *const *word;

	for (word = words; *word; word++)
		if (environment_text_take_keyword(&text, *word))
			return true;
	return false;
}

/* At least one command, up to a closing word. */
static bool take_list(struct environment_text *text, int depth)
{
	bool is_empty = true;

	for (;; is_empty = false) {
		environment_text_skip_lines(text);
		if (environment_syntax_is_closing(*text))
			return !is_empty;
		if (environment_text_is_at_end(text) ||
			!environment_syntax_take_command(text, depth))
			return false;
	}
}

/* After "if". */
static bool take_branches(struct environment_text *text, int depth)
{
	do
		if (!take_list(text, depth) ||
			!environment_text_take_keyword(text, "then") ||
			!take_list(text, depth))
			return false;
	while (environment_text_take_keyword(text, "elif"));
	if (environment_text_take_keyword(text, "else") &&
		!take_list(text, depth))
		return false;
	return environment_text_take_keyword(text, "fi") &&
	       environment_text_take_end(text);
}

bool environment_syntax_take_command(struct environment_text *text, int depth)
{
	if (!environment_text_take_keyword(text, "if"))
		return take_simple(text);
	return depth < ENVIRONMENT_SYNTAX_DEPTH_MAX &&
	       take_branches(text, depth + 1);
}
