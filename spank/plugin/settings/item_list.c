/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A list of texts, NULL-terminated after each change.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/item_list.h"
#include "spank/plugin/settings/list.h"

/* Room for `more` items, and the NULL. */
static int reserve(struct item_list *list, size_t more)
{
	char **items = reallocarray(list->items, list->count + more + 1,
		sizeof(*items));

	if (!items)
		return -1;
	list->items = items;
	return 0;
}

static int add_item(struct item_list *list, const char *item)
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

int item_list_parse(const char *text, struct item_list *ret_list,
	struct error *err)
{
	CLEANUP_FREE char *copy = strdup(text);
	struct item_list list = { .count = 0 };
	char *rest = copy, *item;

	if (list_check(text, err) < 0)
		return -1;
	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	while ((item = list_next(&rest)))
		if (add_item(&list, item) < 0) {
			item_list_free(&list);
			return error_set(err, 0, "cannot allocate memory");
		}
	*ret_list = list;
	return 0;
}

static void print_item(FILE *out, const void *list, size_t i)
{
	const struct item_list *items = list;

	list_print_escaped(out, items->items[i], ",");
}

char *item_list_print(const struct item_list *list)
{
	return list_print(list, list->count, print_item);
}

int item_list_append(struct item_list *list, struct item_list *more)
{
	if (more->count == 0)
		return 0;
	if (reserve(list, more->count) < 0)
		return -1;
	memcpy(list->items + list->count, more->items,
		(more->count + 1) * sizeof(*more->items));
	list->count += more->count;
	free(more->items);
	*more = (struct item_list){ .count = 0 };
	return 0;
}

int item_list_copy(const struct item_list *list, struct item_list *ret_copy)
{
	struct item_list copy = { .count = 0 };
	size_t i;

	for (i = 0; i < list->count; i++)
		if (add_item(&copy, list->items[i]) < 0) {
			item_list_free(&copy);
			return -1;
		}
	*ret_copy = copy;
	return 0;
}

void item_list_free(struct item_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct item_list){ .count = 0 };
}
