/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_ITEM_LIST_H
#define SPANK_PLUGIN_SETTINGS_ITEM_LIST_H

#include <stddef.h>

#include "common/error.h"

/* The items of a list, whose text has the form that list.h describes. */
struct item_list {
	char **items; /* owned, and so is each; NULL at the end; or NULL */
	size_t count;
};

/* Parse a text into *ret_list, to be freed by item_list_free().  Empty items
 * are refused. */
int item_list_parse(const char *text, struct item_list *ret_list,
	struct error *err);

/* The list as text, owned by the caller; NULL if there is no memory. */
char *item_list_print(const struct item_list *list);

/* Move the items of `more`, which is empty then, to the end of `list`; -1 if
 * there is no memory. */
int item_list_append(struct item_list *list, struct item_list *more);

/* -1 if there is no memory. */
int item_list_copy(const struct item_list *list, struct item_list *ret_copy);

void item_list_free(struct item_list *list);

#endif
