/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state of a scan by dialect.c.  The text is hostile: nesting that is
 * deeper than the stack ends the scan.
 */
#include <string.h>

#include "spank/plugin/environment/variables/environment.h"
#include "spank/plugin/environment/sh/scan.h"

char environment_scan_peek(const struct environment_scan *scan, size_t offset)
{
	return (size_t)(scan->end - scan->at) > offset ? scan->at[offset]
						       : '\0';
}

bool environment_scan_follows(const struct environment_scan *scan,
	const char *text)
{
	return (size_t)(scan->end - scan->at) >= strlen(text) &&
	       memcmp(scan->at, text, strlen(text)) == 0;
}

void environment_scan_note(struct environment_scan *scan,
	enum environment_dialect_kind kind, const char *construct)
{
	if (scan->has_found || !(scan->kinds & kind))
		return;
	scan->has_found = true;
	scan->found->kind = kind;
	scan->found->line = scan->line;
	scan->found->construct = construct;
}

void environment_scan_advance(struct environment_scan *scan, size_t count)
{
	for (; count > 0 && scan->at < scan->end; count--, scan->at++) {
		if (*scan->at != '\n')
			continue;
		if (scan->at > scan->start && scan->at[-1] == '\r')
			environment_scan_note(scan, DIALECT_CR, "\\r");
		scan->line++;
	}
}

enum environment_context environment_scan_context(
	const struct environment_scan *scan)
{
	return scan->contexts[scan->depth];
}

void environment_scan_push(struct environment_scan *scan,
	enum environment_context context)
{
	if (scan->depth + 1 == ENVIRONMENT_SCAN_NESTING_MAX) {
		scan->at = scan->end;
		return;
	}
	scan->depth++;
	scan->contexts[scan->depth] = context;
	scan->parentheses[scan->depth] = 0;
	scan->is_command = scan->is_word_start = context == CONTEXT_COMMANDS;
	scan->is_assignment = false;
}

void environment_scan_pop(struct environment_scan *scan)
{
	if (scan->depth > 0)
		scan->depth--;
	scan->is_command = scan->is_word_start = false;
}

bool environment_scan_is_quoted(const struct environment_scan *scan)
{
	size_t i;

	for (i = scan->depth; i > 0 && scan->contexts[i] != CONTEXT_COMMANDS;
		i--)
		if (scan->contexts[i] == CONTEXT_QUOTES)
			return true;
	return false;
}

size_t environment_scan_name_length(const struct environment_scan *scan,
	size_t offset)
{
	size_t left = scan->end - scan->at;

	return offset < left ? environment_name_length(scan->at + offset,
				       left - offset)
			     : 0;
}

bool environment_scan_is_word(const char *at, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(at, word, length) == 0;
}

bool environment_scan_is_command_word(const struct environment_scan *scan,
	const char *word)
{
	return scan->command && environment_scan_is_word(scan->command,
					scan->command_length, word);
}
