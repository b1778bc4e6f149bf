/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists as options, variables and plugstack.conf have them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/list.h"

char *list_cut(char *text, char separator)
{
	for (; *text; text++) {
		if (*text == '\\' && text[1])
			text++;
		else if (*text == separator) {
			*text = '\0';
			return text + 1;
		}
	}
	return NULL;
}

void list_unescape(char *text, const char *special)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1] && strchr(special, text[1]))
			text++;
		*to++ = *text;
	}
	*to = '\0';
}

static bool has_gap(const char *list)
{
	bool is_empty = true;

	if (!*list)
		return false;
	for (; *list; list++) {
		if (*list == ',' && is_empty)
			return true;
		is_empty = *list == ',';
		if (*list == '\\' && list[1])
			list++;
	}
	return is_empty;
}

int list_check(const char *list, struct error *err)
{
	if (!has_gap(list))
		return 0;
	return error_set(err, 0,
		"'%s' has an empty item: take away the comma next to it, or "
		"write \\, for a comma in a name or value",
		list);
}

void list_close_gaps(char *list)
{
	char *rest = list, *to = list, *item;
	size_t length;

	while ((item = list_next_raw(&rest))) {
		if (to > list)
			*to++ = ',';
		length = strlen(item);
		memmove(to, item, length);
		to += length;
	}
	*to = '\0';
}

char *list_next_raw(char **rest)
{
	char *item;

	while (*rest) {
		item = *rest;
		*rest = list_cut(item, ',');
		if (*item)
			return item;
	}
	return NULL;
}

char *list_next(char **rest)
{
	char *item = list_next_raw(rest);

	if (item)
		list_unescape(item, ",");
	return item;
}

/* --- in memory ------------------------------------------------------------ */

/* Room for `more` items, and the NULL. */
static int reserve(struct list *list, size_t more)
{
	char **items = reallocarray(list->items, list->count + more + 1,
		sizeof(*items));

	if (!items)
		return -1;
	list->items = items;
	return 0;
}

static int add(struct list *list, const char *item)
{
	char *copy = strdup(item);

	if (!copy || reserve(list, 1) < 0) {
		free(copy);
		return -1;
	}
	list->items[list->count++] = copy;
	list->items[list->count] = NULL;
	return 0;
}

int list_parse(const char *text, struct list *ret_list, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(text);
	struct list list = { .count = 0 };
	char *rest = copy, *item;

	if (list_check(text, err) < 0)
		return -1;
	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	while ((item = list_next(&rest)))
		if (add(&list, item) < 0) {
			list_free(&list);
			return error_set(err, 0, "cannot allocate memory");
		}
	*ret_list = list;
	return 0;
}

char *list_print(const struct list *list)
{
	char *text = NULL;
	const char *c;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < list->count; i++) {
		if (i > 0)
			fputc(',', out);
		for (c = list->items[i]; *c; c++) {
			if (*c == ',')
				fputc('\\', out);
			fputc(*c, out);
		}
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int list_append(struct list *list, struct list *more)
{
	if (more->count == 0)
		return 0;
	if (reserve(list, more->count) < 0)
		return -1;
	memcpy(list->items + list->count, more->items,
		(more->count + 1) * sizeof(*more->items));
	list->count += more->count;
	free(more->items);
	*more = (struct list){ .count = 0 };
	return 0;
}

int list_copy(const struct list *list, struct list *ret_copy)
{
	struct list copy = { .count = 0 };
	size_t i;

	for (i = 0; i < list->count; i++)
		if (add(&copy, list->items[i]) < 0) {
			list_free(&copy);
			return -1;
		}
	*ret_copy = copy;
	return 0;
}

void list_free(struct list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct list){ .count = 0 };
}
