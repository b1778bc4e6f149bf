/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds the parts of a shell script that only bash understands.  It is one pass
 * over the bytes, with a stack of enclosing contexts (scan.h).  This file looks
 * at commands, dialect_words.c at words.
 */
#include <string.h>

#include "spank/plugin/environment/sh/dialect.h"
#include "spank/plugin/environment/sh/dialect_words.h"

static void scan_newline(struct environment_scan *scan)
{
	environment_scan_advance(scan, 1);
	environment_dialect_skip_documents(scan);
	scan->is_command = scan->is_word_start = true;
	scan->command = NULL;
}

/* --- commands ------------------------------------------------------------- */

/* The length of a word up to its first quote or parameter. */
static size_t plain_length(const struct environment_scan *scan)
{
	size_t length = 0;
	char c;

	while ((c = environment_scan_peek(scan, length)) &&
		!strchr(" \t\r\n;&|()<>\"'$`\\", c))
		length++;
	return length;
}

/* The item of a list that equals this word, or NULL. */
static const char *find_in_list(const char *const *list, const char *at,
	size_t length)
{
	for (; *list; list++)
		if (environment_scan_is_word(at, length, *list))
			return *list;
	return NULL;
}

/* Does a command begin after this word? */
static bool is_leading(const char *at, size_t length)
{
	static const char *const words[] = { "if", "then", "elif", "else",
		"while", "until", "do", "{", "!", "time", NULL };

	return find_in_list(words, at, length);
}

static void check_command(struct environment_scan *scan, size_t length)
{
	static const char *const words[] = { "[[", "function", "declare",
		"typeset", "let", "shopt", "mapfile", "readarray", "select",
		"pushd", "popd", "enable", "builtin", "complete", "compgen",
		"coproc", "bind", "time", NULL };
	const char *word = find_in_list(words, scan->at, length);

	if (word)
		environment_scan_note(scan, DIALECT_REFUSED, word);
	scan->command = scan->at;
	scan->command_length = length;
}

/* Arguments of some commands. */
static void check_argument(struct environment_scan *scan, size_t length)
{
	static const struct {
		const char *command, *argument;
		enum environment_dialect_kind kind;
		const char *construct;
	} arguments[] = {
		{ "[", "==", DIALECT_REFUSED, .construct = "[ == ]" },
		{ "test", "==", DIALECT_REFUSED, .construct = "test ==" },
		{ "[", "-v", DIALECT_REFUSED, .construct = "[ -v ]" },
		{ "test", "-v", DIALECT_REFUSED, .construct = "test -v" },
		{ "export", "-f", DIALECT_REFUSED, .construct = "export -f" },
		{ "export", "-n", DIALECT_SILENT, .construct = "export -n" },
		{ "printf", "-v", DIALECT_SILENT, .construct = "printf -v" },
		{ "set", "pipefail", DIALECT_REFUSED, .construct = "pipefail" },
		{ "trap", "ERR", DIALECT_REFUSED, .construct = "trap ERR" },
		{ "read", "-a", DIALECT_REFUSED, .construct = "read -a" },
		{ "read", "-ra", DIALECT_REFUSED, .construct = "read -a" },
		{ "echo", "-e", DIALECT_DASH, .construct = "echo -e" },
	};
	size_t i;

	for (i = 0; i < sizeof(arguments) / sizeof(*arguments); i++)
		if (environment_scan_is_command_word(scan,
			    arguments[i].command) &&
			environment_scan_is_word(scan->at, length,
				arguments[i].argument))
			environment_scan_note(scan, arguments[i].kind,
				arguments[i].construct);
}

/* Does the "[" belong to NAME[INDEX]=, and not to a pattern? */
static bool has_index(const struct environment_scan *scan, size_t offset)
{
	char c;

	for (; (c = environment_scan_peek(scan, offset)) &&
		!strchr(" \t\n;", c);
		offset++)
		if (c == ']' &&
			(environment_scan_peek(scan, offset + 1) == '=' ||
				environment_scan_peek(scan, offset + 1) == '+'))
			return true;
	return false;
}

/* NAME=, NAME+= or NAME[...]=; false if the word is no assignment. */
static bool check_assignment(struct environment_scan *scan)
{
	size_t length = environment_scan_name_length(scan, 0);

	if (length == 0)
		return false;
	if (environment_scan_peek(scan, length) == '[') {
		if (!has_index(scan, length))
			return false;
		environment_scan_note(scan, DIALECT_REFUSED, "NAME[INDEX]=");
		return true;
	}
	if (environment_scan_peek(scan, length) == '+' &&
		environment_scan_peek(scan, length + 1) == '=') {
		environment_scan_note(scan, DIALECT_REFUSED, "+=");
		length++;
	}
	if (environment_scan_peek(scan, length) != '=')
		return false;
	if (environment_scan_peek(scan, length + 1) == '(')
		environment_scan_note(scan, DIALECT_REFUSED, "NAME=(...)");
	return true;
}

/* At "{", in a word. */
static void check_expansion(struct environment_scan *scan)
{
	size_t i;
	char c;

	for (i = 1; (c = environment_scan_peek(scan, i)) &&
		    !strchr(" \t\n;&|()<>\"'`\\", c);
		i++) {
		if (c == ',' || (c == '.' && environment_scan_peek(scan,
						     i + 1) == '.')) {
			environment_scan_note(scan, DIALECT_SILENT,
				c == ',' ? "{A,B}" : "{1..3}");
			return;
		}
		if (c == '}')
			return;
	}
}

static void begin_word(struct environment_scan *scan)
{
	size_t length = plain_length(scan);

	scan->is_word_start = false;
	scan->is_assignment = check_assignment(scan);
	if (!scan->is_command) {
		check_argument(scan, length);
		return;
	}
	if (scan->is_assignment)
		return;
	check_command(scan, length);
	scan->is_command = is_leading(scan->at, length);
}

/* At an operator. */
static void scan_operator(struct environment_scan *scan)
{
	static const struct {
		const char *text;
		enum environment_dialect_kind kind;
	} operators[] = {
		{ "<<<", DIALECT_REFUSED },
		{ "&>", DIALECT_DASH },
		{ "|&", DIALECT_REFUSED },
		{ ";;&", DIALECT_REFUSED },
		{ ";&", DIALECT_REFUSED },
		{ "<(", DIALECT_REFUSED },
		{ ">(", DIALECT_REFUSED },
		{ "((", DIALECT_REFUSED },
	};
	char c = *scan->at;
	size_t i, length = 1;

	for (i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		if (!environment_scan_follows(scan, operators[i].text))
			continue;
		environment_scan_note(scan, operators[i].kind,
			operators[i].text);
		length = strlen(operators[i].text);
		break;
	}
	if (environment_scan_follows(scan, "<<") && length == 1) {
		environment_dialect_scan_document(scan);
		return;
	}
	scan->is_word_start = true;
	scan->is_command =
		strchr(";&|()", c) && !environment_scan_follows(scan, "&>");
	if (scan->is_command)
		scan->command = NULL;
	scan->parentheses[scan->depth] += c == '(';
	if (c == ')' && scan->parentheses[scan->depth] > 0)
		scan->parentheses[scan->depth]--;
	else if (c == ')' && scan->depth > 0)
		environment_scan_pop(scan);
	/* A parenthesis in a longer operator is scanned separately. */
	environment_scan_advance(scan,
		environment_scan_follows(scan, "((") ||
				environment_scan_follows(scan, "<(") ||
				environment_scan_follows(scan, ">(")
			? 1
			: length);
}

static void scan_commands(struct environment_scan *scan)
{
	char c = *scan->at;

	if (c == '\n') {
		scan_newline(scan);
	} else if (c == ' ' || c == '\t' || c == '\r') {
		scan->is_word_start = true;
		scan->is_assignment = false;
		environment_scan_advance(scan, 1);
	} else if (c == '#' && scan->is_word_start) {
		while (scan->at < scan->end && *scan->at != '\n')
			environment_scan_advance(scan, 1);
	} else if (strchr(";&|()<>", c)) {
		scan_operator(scan);
	} else if (scan->is_word_start) {
		begin_word(scan);
	} else if (c == '\'') {
		environment_dialect_scan_single_quotes(scan);
	} else if (c == '"' || c == '\\' || c == '$') {
		environment_dialect_scan_inner(scan);
	} else {
		if (c == '{' && !scan->is_assignment)
			check_expansion(scan);
		environment_scan_advance(scan, 1);
	}
}

bool environment_dialect_find(const char *text, size_t length, unsigned kinds,
	struct environment_dialect *ret_dialect)
{
	struct environment_scan scan = {
		.start = text,
		.at = text,
		.end = text + length,
		.line = 1,
		.kinds = kinds,
		.found = ret_dialect,
		.contexts = { CONTEXT_COMMANDS },
		.is_command = true,
		.is_word_start = true,
	};

	while (scan.at < scan.end && !scan.has_found) {
		if (*scan.at == '\0')
			environment_scan_advance(&scan, 1);
		else if (environment_scan_context(&scan) == CONTEXT_COMMANDS)
			scan_commands(&scan);
		else
			environment_dialect_scan_inner(&scan);
	}
	return scan.has_found;
}
