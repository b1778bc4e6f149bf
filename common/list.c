/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists in words, as options, variables and plugstack.conf have them.
 */
#include <stddef.h>
#include <string.h>

#include "common/list.h"

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
