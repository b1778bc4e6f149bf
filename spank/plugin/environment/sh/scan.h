/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SCAN_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/environment/sh/construct.h"

/* Of dialect.c: where it is in a script, and what it knows. */

#define ENVIRONMENT_SCAN_NESTING_MAX   32
#define ENVIRONMENT_SCAN_DOCUMENTS_MAX 4

enum environment_context {
	CONTEXT_COMMANDS,
	CONTEXT_QUOTES,
	CONTEXT_BRACES,
	CONTEXT_ARITHMETIC
};

struct environment_document {
	const char *word; /* of its end */
	size_t length;
	bool has_tabs; /* <<- */
};

struct environment_scan {
	const char *start;
	const char *at;
	const char *end;
	size_t line;
	unsigned kinds;
	struct environment_dialect *found;
	bool has_found;
	/* What the bytes stand in, and how many ( are open there. */
	enum environment_context contexts[ENVIRONMENT_SCAN_NESTING_MAX];
	size_t parentheses[ENVIRONMENT_SCAN_NESTING_MAX];
	size_t depth;
	/* In CONTEXT_COMMANDS. */
	bool is_command; /* the next word is one */
	bool is_word_start;
	bool is_assignment;  /* the word is NAME=... */
	const char *command; /* the last one, of command_length bytes */
	size_t command_length;
	struct environment_document documents[ENVIRONMENT_SCAN_DOCUMENTS_MAX];
	size_t documents_count;
};

/* The byte at that offset; '\0' behind the end. */
char environment_scan_peek(const struct environment_scan *scan, size_t offset);

/* Does the text go on like that? */
bool environment_scan_follows(const struct environment_scan *scan,
	const char *text);

/* The length of the name of a variable at that offset; 0 if there is none. */
size_t environment_scan_name_length(const struct environment_scan *scan,
	size_t offset);

/* Is that all of a word? */
bool environment_scan_is_word(const char *at, size_t length, const char *word);

/* Is that the command of the words at hand? */
bool environment_scan_is_command_word(const struct environment_scan *scan,
	const char *word);

/* Here is such a construct.  The first that was asked for counts. */
void environment_scan_note(struct environment_scan *scan,
	enum environment_dialect_kind kind, const char *construct);

/* Go on by so many bytes, to the end at most. */
void environment_scan_advance(struct environment_scan *scan, size_t count);

/* What the bytes stand in; into something, and out of it. */
enum environment_context environment_scan_context(
	const struct environment_scan *scan);
void environment_scan_push(struct environment_scan *scan,
	enum environment_context context);
void environment_scan_pop(struct environment_scan *scan);

/* Are there double quotes around, within the same command? */
bool environment_scan_is_quoted(const struct environment_scan *scan);

#endif
