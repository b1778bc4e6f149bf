/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One loop over a table prints a structure as words, another one parses words
 * into it.  Both find each field by its offset.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/named_values.h"

static long number_of(const struct named_value *row, const void *fields)
{
	return *(const long *)((const char *)fields + row->offset);
}

static const char *text_of(const struct named_value *row, const void *fields)
{
	const char *text =
		*(const char *const *)((const char *)fields + row->offset);

	return text ? text : "";
}

int named_value_print(const struct named_value *row, const void *fields,
	char *text, size_t size)
{
	if (row->is_optional && (row->is_text ? !*text_of(row, fields)
					      : number_of(row, fields) == 0))
		return snprintf(text, size, "%s", "");
	if (row->is_text)
		return snprintf(text, size, "%s=%s", row->name,
			text_of(row, fields));
	if (row->words[0])
		return snprintf(text, size, "%s=%s", row->name,
			row->words[number_of(row, fields) != 0]);
	return snprintf(text, size, "%s=%ld", row->name,
		number_of(row, fields));
}

void named_values_print_argv(const struct named_value *table, size_t rows,
	const void *fields, const char *program, char **words, char *text,
	size_t size)
{
	size_t i, length;

	*words++ = (char *)program;
	for (i = 0; i < rows; i++) {
		*words++ = text;
		length = 1 + named_value_print(&table[i], fields, text, size);
		if (length > size)
			break;
		text += length;
		size -= length;
	}
	*words = NULL;
}

static bool parse_number(const struct named_value *row, const char *text,
	long *ret_value)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' ||
		value < row->min || value > row->max)
		return false;
	*ret_value = value;
	return true;
}

static bool parse_value(const struct named_value *row, const char *text,
	void *fields)
{
	void *field = (char *)fields + row->offset;
	long i;

	if (row->is_text) {
		*(const char **)field = text;
		return true;
	}
	if (!row->words[0])
		return parse_number(row, text, field);
	for (i = 0; i < 2; i++)
		if (strcmp(text, row->words[i]) == 0) {
			*(long *)field = i;
			return true;
		}
	return false;
}

/* The row of the name before '=' in `word`, and what follows; or `rows`. */
static size_t find_row(const struct named_value *table, size_t rows,
	const char *word, const char **ret_value)
{
	size_t i, length = strcspn(word, "=");

	for (i = 0; i < rows && word[length]; i++)
		if (strncmp(word, table[i].name, length) == 0 &&
			!table[i].name[length]) {
			*ret_value = word + length + 1;
			return i;
		}
	return rows;
}

static int parse_word(const struct named_value *table, size_t rows,
	const char *word, uint32_t *given, void *fields, struct error *err)
{
	const char *value;
	size_t i = find_row(table, rows, word, &value);

	if (i == rows)
		return error_set(err, 0, "there is no argument '%s'", word);
	if (*given & UINT32_C(1) << i)
		return error_set(err, 0, "the argument '%s' is given twice",
			word);
	*given |= UINT32_C(1) << i;
	if (!parse_value(&table[i], value, fields))
		return error_set(err, 0,
			"the argument '%s' has a value that is not allowed",
			word);
	return 0;
}

int named_values_parse(const struct named_value *table, size_t rows,
	char *const words[], void *fields, struct error *err)
{
	uint32_t given = 0; /* a bit for each row */
	size_t i;

	for (; *words; words++)
		if (parse_word(table, rows, *words, &given, fields, err) < 0)
			return -1;
	for (i = 0; i < rows; i++)
		if (!table[i].is_optional && !(given & UINT32_C(1) << i))
			return error_set(err, 0,
				"the argument '%s=' is missing", table[i].name);
	return 0;
}

void named_values_print_text(const struct named_value *table, size_t rows,
	const void *fields, char *text, size_t size)
{
	size_t i, used = 0;

	if (size > 0)
		text[0] = '\0';
	for (i = 0; i < rows && used < size; i++) {
		if (named_value_print(&table[i], fields, NULL, 0) == 0)
			continue;
		if (used > 0)
			used += snprintf(text + used, size - used, " ");
		if (used < size)
			used += named_value_print(&table[i], fields,
				text + used, size - used);
	}
}

int named_values_parse_text(const struct named_value *table, size_t rows,
	char *text, void *fields, struct error *err)
{
	char *words[NAMED_VALUES_MAX + 2] = { text };
	size_t count = 1;

	/* If there are more words than rows, one of them is unknown or given
	 * twice. */
	while (count <= rows && (text = strchr(text, ' '))) {
		*text++ = '\0';
		words[count++] = text;
	}
	return named_values_parse(table, rows, words, fields, err);
}
