/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of shell scripts, with quotes and parameters as POSIX defines them
 * ("2.2 Quoting" and "2.6.2 Parameter Expansion" of the Shell Command
 * Language).  Of the parameter expansions only $NAME, ${NAME} and - :- + :+ are
 * known.  Anything else (substitutions, globs, arithmetic) is refused, never
 * guessed.
 *
 * The text is hostile: the length of a value is limited, and so is the nesting
 * of braces, and with it the recursion in this file.
 *
 * Shells of the last fifteen years do not agree on all of this.  Where they may
 * differ, the word has a value but is marked as ambiguous.
 */
#include <string.h>

#include "spank/plugin/environment/variables/names.h"
#include "spank/plugin/environment/sh/word.h"

#define BRACES_MAX 8

/* Some shells use bytes outside of printable ASCII internally. */
static void put_byte(struct environment_word *value, char c)
{
	if ((c < ' ' || c > '~') && c != '\t' && c != '\n')
		value->is_ambiguous = true;
	if (value->length < ENVIRONMENT_WORD_MAX)
		value->bytes[value->length++] = c;
	else
		value->overflow = true;
}

static void put_text(struct environment_word *value, const char *text)
{
	size_t length = strlen(text);

	if (length > ENVIRONMENT_WORD_MAX - value->length) {
		value->overflow = true;
		return;
	}
	memcpy(value->bytes + value->length, text, length);
	value->length += length;
}

bool environment_word_parse_name(struct environment_text *text,
	char name[ENVIRONMENT_WORD_NAME_SIZE])
{
	size_t length = environment_name_length(text->at, text->end - text->at);

	if (length == 0 || length >= ENVIRONMENT_WORD_NAME_SIZE)
		return false;
	memcpy(name, text->at, length);
	name[length] = '\0';
	text->at += length;
	return true;
}

const char *environment_word_look_up(const struct environment_reader *reader,
	const char *name)
{
	const char *value = environment_value(&reader->exported, name);

	return value ? value : environment_value(&reader->locals, name);
}

/* A shell may give this variable a value that the script did not set. */
static void mark_ambiguous_look_up(struct environment_word *value,
	const char *name, const char *now, bool quoted)
{
	if (environment_name_is_shell(name) ||
		(!now && strcmp(name, "HOME") == 0))
		value->is_ambiguous = true;
	value->is_bare = value->is_bare || !quoted;
}

/* In double quotes a backslash only escapes these characters. */
static bool parse_escape(struct environment_text *text,
	struct environment_word *value, bool quoted, int braces)
{
	char c = environment_text_peek(text);

	if (c == '\0')
		return false;
	text->at++;
	if (braces > 0 && !strchr("$`\"\\", c))
		value->is_ambiguous = true;
	if (c == '\n')
		return true;
	if (quoted && !strchr("$`\"\\", c) && (c != '}' || braces == 0))
		put_byte(value, '\\');
	put_byte(value, c);
	return true;
}

static bool parse_double_quotes(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int braces);

static bool parse_single_quotes(struct environment_text *text,
	struct environment_word *value)
{
	for (; environment_text_peek(text) != '\''; text->at++) {
		if (environment_text_peek(text) == '\0')
			return false;
		put_byte(value, *text->at);
	}
	text->at++;
	return true;
}

static bool parse_parameter(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool quoted, int braces);

/* One element of a word; `quoted`: inside double quotes. */
static bool parse_element(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool quoted, int braces)
{
	char c = environment_text_peek(text);

	/* Substitutions, globs, operators: not plain. */
	if (c == '\0' || c == '`' || (!quoted && strchr("&|<>()*?[~ \t\n;", c)))
		return false;
	text->at++;
	if ((braces > 0 && strchr("{}~", c)) || (!quoted && c == '{'))
		value->is_ambiguous = true;
	if (c == '"')
		return parse_double_quotes(reader, text, value, braces);
	if (c == '\'' && !quoted)
		return parse_single_quotes(text, value);
	if (c == '$')
		return parse_parameter(reader, text, value, quoted, braces);
	if (c == '\\')
		return parse_escape(text, value, quoted, braces);
	put_byte(value, c);
	return true;
}

/* Image builders quote the whole word in ${}.  Shells differ in partly quoted
 * words and in nested quotes. */
static bool has_ambiguous_quotes(char quote, size_t elements, bool quoted,
	int braces)
{
	if (!quote)
		return false;
	return elements > 1 || braces > 1 || (quoted && quote == '\'');
}

/* The word after the operator in ${}, and the closing brace. */
static bool parse_braced_word(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool quoted, int braces)
{
	size_t elements = 0;
	char first, quote = '\0';

	while ((first = environment_text_peek(text)) != '}') {
		if (first == '"' || first == '\'')
			quote = first;
		elements++;
		if (!parse_element(reader, text, value, quoted, braces))
			return false;
	}
	if (has_ambiguous_quotes(quote, elements, quoted, braces))
		value->is_ambiguous = true;
	text->at++;
	return true;
}

/* After "${". */
static bool parse_braces(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool quoted, int braces)
{
	size_t before = value->length;
	char name[ENVIRONMENT_WORD_NAME_SIZE], kind;
	bool is_colon, is_missing;
	const char *now;

	if (braces == BRACES_MAX || !environment_word_parse_name(text, name))
		return false;
	now = environment_word_look_up(reader, name);
	mark_ambiguous_look_up(value, name, now, quoted);
	is_colon = environment_text_peek(text) == ':';
	text->at += is_colon;
	kind = environment_text_peek(text);
	text->at += !environment_text_is_at_end(text);
	if (kind == '}' && !is_colon) {
		put_text(value, now ? now : "");
		return true;
	}
	is_missing = !now || (is_colon && !*now);
	/* Bash starts without PS1, other shells with an empty one. */
	if (!is_colon && strcmp(name, "PS1") == 0)
		value->is_ambiguous = true;
	if ((kind != '-' && kind != '+') ||
		!parse_braced_word(reader, text, value, quoted, braces + 1))
		return false;
	if (is_missing != (kind == '-'))
		value->length = before;
	if (!is_missing && kind == '-')
		put_text(value, now);
	return true;
}

/* After "$". */
static bool parse_parameter(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool quoted, int braces)
{
	char name[ENVIRONMENT_WORD_NAME_SIZE];
	const char *now;

	if (environment_text_peek(text) == '{') {
		text->at++;
		return parse_braces(reader, text, value, quoted, braces);
	}
	if (environment_word_parse_name(text, name)) {
		now = environment_word_look_up(reader, name);
		mark_ambiguous_look_up(value, name, now, quoted);
		put_text(value, now ? now : "");
		/* After a backslash the name continues in the next line. */
		return environment_text_peek(text) != '\\' ||
		       text->end - text->at < 2 || text->at[1] != '\n';
	}
	/* A "$" that begins no parameter stands for itself, as in "5$". */
	if (!quoted || !environment_text_peek(text) ||
		!strchr("\" /.,:;%", environment_text_peek(text)))
		return false;
	put_byte(value, '$');
	value->is_ambiguous = value->is_ambiguous || braces > 0;
	return true;
}

/* After the opening quote. */
static bool parse_double_quotes(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int braces)
{
	while (environment_text_peek(text) != '"') {
		if (braces > 0 && environment_text_peek(text) == '$')
			value->is_ambiguous = true;
		if (!parse_element(reader, text, value, true, braces))
			return false;
	}
	text->at++;
	return true;
}

bool environment_word_parse(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value)
{
	value->length = 0;
	value->overflow = value->is_bare = value->is_ambiguous = false;
	while (!environment_text_is_at_word_end(text))
		if (!parse_element(reader, text, value, false, 0))
			return false;
	value->bytes[value->length] = '\0';
	return !value->overflow;
}

bool environment_word_prepend(struct environment_word *value, const char *text)
{
	size_t length = strlen(text);

	if (length > ENVIRONMENT_WORD_MAX - value->length)
		return false;
	memmove(value->bytes + length, value->bytes, value->length + 1);
	memcpy(value->bytes, text, length);
	value->length += length;
	return true;
}
