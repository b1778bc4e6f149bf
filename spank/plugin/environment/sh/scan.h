/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SCAN_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/environment/sh/construct.h"

/* Internal to dialect*.c: the position in a script, and its context. */

#define ENVIRONMENT_SCAN_NESTING_MAX   32
#define ENVIRONMENT_SCAN_DOCUMENTS_MAX 4

enum environment_context {
	CONTEXT_COMMANDS,
	CONTEXT_QUOTES,
	CONTEXT_BRACES,
	CONTEXT_ARITHMETIC
};

struct environment_document {
	const char *word; /* the delimiter */
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
	/* The enclosing contexts, with the number of open ( in each. */
	enum environment_context contexts[ENVIRONMENT_SCAN_NESTING_MAX];
	size_t parentheses[ENVIRONMENT_SCAN_NESTING_MAX];
	size_t depth;
	/* In CONTEXT_COMMANDS: */
	bool is_command; /* the next word is a command */
	bool is_word_start;
	bool is_assignment;  /* the word is NAME=... */
	const char *command; /* the last one, of command_length bytes */
	size_t command_length;
	struct environment_document documents[ENVIRONMENT_SCAN_DOCUMENTS_MAX];
	size_t documents_count;
};

/* The byte at that offset from the position; '\0' after the end. */
char environment_scan_peek(const struct environment_scan *scan, size_t offset);

/* Does `text` follow at the position? */
bool environment_scan_follows(const struct environment_scan *scan,
	const char *text);

/* The length of the variable name at that offset; 0 if there is none. */
size_t environment_scan_name_length(const struct environment_scan *scan,
	size_t offset);

/* Are the `length` bytes at `at` this word? */
bool environment_scan_is_word(const char *at, size_t length, const char *word);

/* Is the current command `word`? */
bool environment_scan_is_command_word(const struct environment_scan *scan,
	const char *word);

/* Record a construct at the position, if its kind is wanted and it is the
 * first. */
void environment_scan_note(struct environment_scan *scan,
	enum environment_dialect_kind kind, const char *construct);

/* Advance by that many bytes, at most to the end. */
void environment_scan_advance(struct environment_scan *scan, size_t count);

/* The current context; enter a nested one; leave it. */
enum environment_context environment_scan_context(
	const struct environment_scan *scan);
void environment_scan_push(struct environment_scan *scan,
	enum environment_context context);
void environment_scan_pop(struct environment_scan *scan);

/* Is the position inside double quotes of the same command? */
bool environment_scan_is_quoted(const struct environment_scan *scan);

#endif
