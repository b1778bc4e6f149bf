/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of layers: split at commas, each item split at its colon.  There is one
 * option for each layer, so a comma always begins the next layer.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/image_source.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/overlay_list.h"

static bool is_option(const char *word)
{
	return strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0;
}

static int take_option(struct overlay *overlay, const char *option,
	struct error *err)
{
	if (!is_option(option))
		return error_set(err, 0,
			"'%s' is not an option of a layer (ro, rw); a colon in "
			"a path is written \\:",
			option);
	overlay->is_read_only = strcmp(option, "ro") == 0;
	overlay->is_writable = !overlay->is_read_only;
	return 0;
}

static int check_path(const char *path, struct error *err)
{
	if (!*path)
		return error_set(err, 0, "a path is missing");
	if (strlen(path) >= PATH_MAX)
		return error_set(err, 0, "a path is longer than %d characters",
			PATH_MAX - 1);
	if (is_option(path))
		return error_set(err, 0,
			"the option follows its path after a colon, as in "
			"env.ext3:%s; write ./%s if it is a file",
			path, path);
	return 0;
}

static int parse_item(char *item, struct overlay *overlay, struct error *err)
{
	char *option = list_cut(item, ':');

	if (option && take_option(overlay, option, err) < 0)
		return -1;
	list_unescape(item, ":,\\");
	if (check_path(item, err) < 0)
		return -1;
	overlay->path = strdup(item);
	return overlay->path ? 0 : error_set(err, 0, "cannot allocate memory");
}

static int add_item(struct overlay_list *list, struct error *err)
{
	struct overlay *items =
		reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return error_set(err, 0, "cannot allocate memory");
	list->items = items;
	items[list->count++] = (struct overlay){ .path = NULL };
	return 0;
}

static int parse_items(char *rest, struct overlay_list *list, struct error *err)
{
	char *item;

	while ((item = list_next_raw(&rest))) {
		CLEANUP_FREE char *shown = strdup(item);

		if (!shown)
			return error_set(err, 0, "cannot allocate memory");
		if (image_source_check(shown, err) < 0 ||
			add_item(list, err) < 0)
			return -1;
		if (parse_item(item, &list->items[list->count - 1], err) < 0)
			return error_prefix(err, "'%s'", shown);
	}
	return 0;
}

int overlay_list_parse(const char *text, struct overlay_list *ret_list,
	struct error *err)
{
	CLEANUP_FREE char *copy = strdup(text);
	struct overlay_list list = { .count = 0 };

	if (list_check(text, err) < 0)
		return -1;
	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	if (parse_items(copy, &list, err) < 0) {
		overlay_list_free(&list);
		return -1;
	}
	*ret_list = list;
	return 0;
}

static void print_item(FILE *out, const void *list, size_t i)
{
	const struct overlay_list *overlays = list;

	list_print_escaped(out, overlays->items[i].path, ":,\\");
	if (overlays->items[i].is_read_only)
		fputs(":ro", out);
	if (overlays->items[i].is_writable)
		fputs(":rw", out);
}

char *overlay_list_print(const struct overlay_list *list)
{
	return list_print(list, list->count, print_item);
}

int overlay_list_append(struct overlay_list *list, struct overlay_list *more)
{
	size_t count = list->count + more->count;
	struct overlay *items;

	if (more->count == 0)
		return 0;
	items = reallocarray(list->items, count, sizeof(*items));
	if (!items)
		return -1;
	memcpy(items + list->count, more->items, more->count * sizeof(*items));
	free(more->items);
	*list = (struct overlay_list){ .items = items, .count = count };
	*more = (struct overlay_list){ .count = 0 };
	return 0;
}

static bool is_above(const struct overlay_list *list, size_t i)
{
	const char *path = list->items[i].path;

	while (++i < list->count)
		if (strcmp(list->items[i].path, path) == 0)
			return true;
	return false;
}

void overlay_list_merge(struct overlay_list *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->count; i++)
		if (is_above(list, i))
			free(list->items[i].path);
		else
			list->items[kept++] = list->items[i];
	list->count = kept;
}

int overlay_list_copy(const struct overlay_list *list,
	struct overlay_list *ret_copy)
{
	struct overlay_list copy = { .count = 0 };
	size_t i;

	if (list->count > 0)
		copy.items = calloc(list->count, sizeof(*copy.items));
	if (list->count > 0 && !copy.items)
		return -1;
	for (i = 0; i < list->count; i++) {
		copy.items[i] = list->items[i];
		copy.items[i].path = strdup(list->items[i].path);
		copy.count++;
		if (!copy.items[i].path) {
			overlay_list_free(&copy);
			return -1;
		}
	}
	*ret_copy = copy;
	return 0;
}

void overlay_list_free(struct overlay_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->items[i].path);
	free(list->items);
	*list = (struct overlay_list){ .count = 0 };
}
