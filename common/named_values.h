/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_NAMED_VALUES_H
#define COMMON_NAMED_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define NAMED_VALUES_MAX 32

/*
 * A structure as NAME=VALUE words, in any order.  A table has a row for each
 * field, NAMED_VALUES_MAX at most; one program prints with it, and another
 * parses.
 */
struct named_value {
	const char *name;
	size_t offset; /* of the field: a long, or a const char * */
	bool is_text;
	bool is_optional; /* has no word while it is 0, NULL or "" */
	/* Only for a long. */
	long min, max;
	const char *words[2]; /* the values 0 and 1, if they have names */
};

/* Print one word, as snprintf(3) would; "" for an optional one without. */
int named_value_print(const struct named_value *row, const void *fields,
	char *text, size_t size);

/*
 * Print an argument vector, as for execve(2): `program` and a word for each row
 * go to `words`, NULL-terminated, and their memory is `text`.  The last word is
 * cut if there is no room.
 */
void named_values_print_argv(const struct named_value *table, size_t rows,
	const void *fields, const char *program, char **words, char *text,
	size_t size);

/*
 * Parse words, NULL-terminated, into *fields.  Each must be in the table, be
 * given once and have a value in its range; those that are not optional must be
 * given.  A text is borrowed from its word.  After a failure some fields are
 * set.
 */
int named_values_parse(const struct named_value *table, size_t rows,
	char *const words[], void *fields, struct error *err);

/*
 * The same with all words in one text, with a space between them.  A value in
 * it contains no space.  named_values_print_text() prints as snprintf(3) would;
 * named_values_parse_text() writes NULs into the text.
 */
void named_values_print_text(const struct named_value *table, size_t rows,
	const void *fields, char *text, size_t size);
int named_values_parse_text(const struct named_value *table, size_t rows,
	char *text, void *fields, struct error *err);

#endif
