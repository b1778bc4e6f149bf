/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists as options, variables and plugstack.conf have them.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

void list_print_escaped(FILE *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

char *list_print(const void *list, size_t count, list_print_item *print_item)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < count; i++) {
		if (i > 0)
			fputc(',', out);
		print_item(out, list, i);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int list_check(const char *list, struct error *err)
{
	if (!has_gap(list))
		return 0;
	return error_set(err, 0,
		"'%s' has an empty item: remove the comma next to it, or "
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
