/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bash constructs within words: parameters and quotes; and here-documents.
 */
#include <string.h>

#include "spank/plugin/environment/sh/dialect_words.h"

/* --- parameters ----------------------------------------------------------- */

/* Variables that bash sets by itself. */
static void check_variable(struct environment_scan *scan, const char *at,
	size_t length)
{
	static const struct {
		const char *name;
		enum environment_dialect_kind kind;
	} variables[] = {
		{ "UID", DIALECT_SILENT },
		{ "EUID", DIALECT_SILENT },
		{ "SECONDS", DIALECT_SILENT },
		{ "OSTYPE", DIALECT_SILENT },
		{ "HOSTTYPE", DIALECT_SILENT },
		{ "MACHTYPE", DIALECT_SILENT },
		{ "GROUPS", DIALECT_SILENT },
		{ "BASHPID", DIALECT_SILENT },
		{ "PIPESTATUS", DIALECT_SILENT },
		{ "BASH_SOURCE", DIALECT_SILENT },
		{ "EPOCHSECONDS", DIALECT_SILENT },
		{ "RANDOM", DIALECT_DASH },
		{ "HOSTNAME", DIALECT_DASH },
		{ "LINENO", DIALECT_DASH },
	};
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (environment_scan_is_word(at, length, variables[i].name))
			environment_scan_note(scan, variables[i].kind,
				variables[i].name);
}

/* At "${". */
static void check_braces(struct environment_scan *scan)
{
	size_t length = environment_scan_name_length(scan, 2);
	char kind = environment_scan_peek(scan, 2 + length),
	     next = environment_scan_peek(scan, 3 + length);

	if (environment_scan_peek(scan, 2) == '!' &&
		environment_scan_name_length(scan, 3) > 0)
		environment_scan_note(scan, DIALECT_REFUSED, "${!NAME}");
	if (length == 0)
		return;
	if (kind == '[')
		environment_scan_note(scan, DIALECT_REFUSED, "${NAME[INDEX]}");
	else if (kind == '^' || kind == ',')
		environment_scan_note(scan, DIALECT_REFUSED, "${NAME^^}");
	else if (kind == '/')
		environment_scan_note(scan, DIALECT_REFUSED,
			"${NAME/PATTERN/TEXT}");
	else if (kind == '@')
		environment_scan_note(scan, DIALECT_REFUSED, "${NAME@Q}");
	else if (kind == ':' && next && !strchr("-=?+", next))
		environment_scan_note(scan, DIALECT_REFUSED, "${NAME:OFFSET}");
	else if (kind == '}')
		check_variable(scan, scan->at + 2, length);
}

/* After "$'". */
static void skip_dollar_quotes(struct environment_scan *scan)
{
	while (scan->at < scan->end && *scan->at != '\'')
		environment_scan_advance(scan, *scan->at == '\\' ? 2 : 1);
	environment_scan_advance(scan, 1);
}

/* At "$". */
static void scan_dollar(struct environment_scan *scan)
{
	size_t length = environment_scan_name_length(scan, 1);

	scan->is_command = scan->is_word_start = false;
	if (length > 0) {
		check_variable(scan, scan->at + 1, length);
		environment_scan_advance(scan, 1 + length);
	} else if (environment_scan_follows(scan, "$((")) {
		environment_scan_advance(scan, 3);
		environment_scan_push(scan, CONTEXT_ARITHMETIC);
	} else if (environment_scan_follows(scan, "$(")) {
		environment_scan_advance(scan, 2);
		while (environment_scan_peek(scan, 0) == ' ')
			environment_scan_advance(scan, 1);
		if (environment_scan_peek(scan, 0) == '<' &&
			!strchr("<(", environment_scan_peek(scan, 1)))
			environment_scan_note(scan, DIALECT_SILENT, "$(<FILE)");
		environment_scan_push(scan, CONTEXT_COMMANDS);
	} else if (environment_scan_follows(scan, "${")) {
		check_braces(scan);
		environment_scan_advance(scan, 2);
		environment_scan_push(scan, CONTEXT_BRACES);
	} else if (environment_scan_follows(scan, "$'") &&
		   !environment_scan_is_quoted(scan)) {
		environment_scan_note(scan, DIALECT_DASH, "$'...'");
		environment_scan_advance(scan, 2);
		skip_dollar_quotes(scan);
	} else {
		if (environment_scan_follows(scan, "$\"") &&
			!environment_scan_is_quoted(scan))
			environment_scan_note(scan, DIALECT_SILENT, "$\"...\"");
		environment_scan_advance(scan, 1);
	}
}

/* --- quotes --------------------------------------------------------------- */

/* At the first quote. */
void environment_dialect_scan_single_quotes(struct environment_scan *scan)
{
	environment_scan_advance(scan, 1);
	while (scan->at < scan->end && *scan->at != '\'') {
		if (*scan->at == '\\' &&
			environment_scan_is_command_word(scan, "echo"))
			environment_scan_note(scan, DIALECT_DASH, "echo '\\'");
		environment_scan_advance(scan, 1);
	}
	environment_scan_advance(scan, 1);
	scan->is_command = scan->is_word_start = false;
}

/* Double quotes, ${} and $(()) have this in common. */
void environment_dialect_scan_inner(struct environment_scan *scan)
{
	char c = *scan->at;
	enum environment_context here = environment_scan_context(scan);

	if (c == '$') {
		scan_dollar(scan);
	} else if (c == '\\') {
		if (here == CONTEXT_QUOTES &&
			environment_scan_is_command_word(scan, "echo") &&
			!strchr("$`\"\\\n", environment_scan_peek(scan, 1)))
			environment_scan_note(scan, DIALECT_DASH, "echo '\\'");
		environment_scan_advance(scan, 2);
	} else if (c == '"') {
		environment_scan_advance(scan, 1);
		if (here == CONTEXT_QUOTES)
			environment_scan_pop(scan);
		else
			environment_scan_push(scan, CONTEXT_QUOTES);
	} else if (c == '\'' && here == CONTEXT_BRACES &&
		   !environment_scan_is_quoted(scan)) {
		environment_dialect_scan_single_quotes(scan);
	} else if (c == '}' && here == CONTEXT_BRACES) {
		environment_scan_advance(scan, 1);
		environment_scan_pop(scan);
	} else if (here == CONTEXT_ARITHMETIC && c == ')' &&
		   scan->parentheses[scan->depth] == 0) {
		environment_scan_advance(scan, 2);
		environment_scan_pop(scan);
	} else {
		if (here == CONTEXT_ARITHMETIC && c == '(')
			scan->parentheses[scan->depth]++;
		else if (here == CONTEXT_ARITHMETIC && c == ')')
			scan->parentheses[scan->depth]--;
		environment_scan_advance(scan, 1);
	}
}

/* --- here-documents ------------------------------------------------------- */

/* At "<<". */
void environment_dialect_scan_document(struct environment_scan *scan)
{
	struct environment_document document = {
		.has_tabs = environment_scan_peek(scan, 2) == '-'
	};

	environment_scan_advance(scan, document.has_tabs ? 3 : 2);
	while (environment_scan_peek(scan, 0) == ' ' ||
		environment_scan_peek(scan, 0) == '\t')
		environment_scan_advance(scan, 1);
	while (environment_scan_peek(scan, 0) &&
		strchr("'\"\\", environment_scan_peek(scan, 0)))
		environment_scan_advance(scan, 1);
	document.word = scan->at;
	while (environment_scan_peek(scan, 0) &&
		!strchr("'\" \t\n;&|)", environment_scan_peek(scan, 0)))
		environment_scan_advance(scan, 1);
	document.length = scan->at - document.word;
	if (environment_scan_peek(scan, 0) == '\'' ||
		environment_scan_peek(scan, 0) == '"')
		environment_scan_advance(scan, 1);
	if (scan->documents_count < ENVIRONMENT_SCAN_DOCUMENTS_MAX)
		scan->documents[scan->documents_count++] = document;
}

/* At the beginning of a line. */
static void skip_document(struct environment_scan *scan,
	const struct environment_document *document)
{
	const char *line, *newline;

	while (scan->at < scan->end) {
		line = scan->at;
		newline = memchr(line, '\n', scan->end - line);
		if (!newline)
			newline = scan->end;
		environment_scan_advance(scan, newline - line + 1);
		while (document->has_tabs && line < newline && *line == '\t')
			line++;
		if ((size_t)(newline - line) == document->length &&
			memcmp(line, document->word, document->length) == 0)
			return;
	}
}

void environment_dialect_skip_documents(struct environment_scan *scan)
{
	size_t i;

	for (i = 0; i < scan->documents_count; i++)
		skip_document(scan, &scan->documents[i]);
	scan->documents_count = 0;
}
