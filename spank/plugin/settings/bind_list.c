/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of binds: split at commas, each item split at colons, its marks
 * removed, then checked.  Options ("ro") make the comma ambiguous: as in
 * Singularity, an option after a comma continues the item before it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/image_source.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/path.h"

static int check_target(const char *target, struct error *err)
{
	/* The commands expand $ and ~ later. */
	if (target[0] != '/' && target[0] != '$' && target[0] != '~')
		return error_set(err, 0,
			"the destination '%s' is not an absolute path", target);
	return 0;
}

/* A place has one name: '//x' is the same as '/x'. */
static int normalize_target(char *target, struct error *err)
{
	if (target[0] != '/')
		return 0;
	path_normalize(target);
	if (strcmp(target, "/") == 0)
		return error_set(err, 0,
			"the destination '%s' is the root of the image: "
			"nothing can be bound there",
			target);
	return 0;
}

static int check_paths(const struct bind_spec *spec, enum bind_spec_kind kind,
	struct error *err)
{
	if (spec->source && !*spec->source)
		return error_set(err, 0, "the source is missing");
	if ((spec->source && strlen(spec->source) >= PATH_MAX) ||
		strlen(spec->target) >= PATH_MAX)
		return error_set(err, 0, "a path is longer than %d characters",
			PATH_MAX - 1);
	/* SRC alone: once that is absolute, the target is, too. */
	if (kind == BIND_SPEC_USER && spec->source &&
		strcmp(spec->source, spec->target) == 0)
		return 0;
	return check_target(spec->target, err);
}

static int set_paths(struct bind_spec *spec, const char *source,
	const char *target)
{
	spec->source = source ? strdup(source) : NULL;
	spec->target = strdup(target);
	return (source && !spec->source) || !spec->target ? -1 : 0;
}

static int copy_spec(const struct bind_spec *from, struct bind_spec *spec)
{
	*spec = *from;
	spec->image_path = NULL;
	if (set_paths(spec, from->source, from->target) < 0)
		return -1;
	if (!from->image_path)
		return 0;
	spec->image_path = strdup(from->image_path);
	return spec->image_path ? 0 : -1;
}

/* Skips the marks before an item, and notes them. */
static char *take_marks(char *item, enum bind_spec_kind kind,
	struct bind_spec *spec)
{
	for (;; item++) {
		if (*item == '?' && kind != BIND_SPEC_IMAGES)
			spec->is_optional = true;
		else if (*item == '!' && kind == BIND_SPEC_ADMIN)
			spec->is_fixed = true;
		else
			return item;
	}
}

static int parse_item(char *item, enum bind_spec_kind kind,
	struct bind_spec *spec, struct error *err)
{
	char *source = take_marks(item, kind, spec), *target, *option;

	if (*source == '-' && kind == BIND_SPEC_USER) {
		target = source + 1;
		source = NULL;
		option = NULL;
	} else {
		target = list_cut(source, ':');
		option = target ? list_cut(target, ':') : NULL;
		list_unescape(source, ":,\\");
	}
	if (kind == BIND_SPEC_IMAGES && (!target || !*target))
		return error_set(err, 0,
			"it is not IMAGE:DST, such as "
			"faces.sqsh:/data/faces");
	if (target && !*target && !option)
		return error_set(err, 0, "the destination is missing");
	if (target)
		list_unescape(target, ":,\\");
	if (set_paths(spec, source, target && *target ? target : source) < 0)
		return error_set(err, 0, "cannot allocate memory");
	if (option && bind_option_take(spec, kind, option, err) < 0)
		return -1;
	if (check_paths(spec, kind, err) < 0)
		return -1;
	return normalize_target(spec->target, err);
}

/* The colon in a URI does not separate IMAGE from DST. */
static int check_image(const char *item, struct error *err)
{
	CLEANUP_FREE char *image = strdup(item);
	char *target;

	if (!image)
		return error_set(err, 0, "cannot allocate memory");
	list_unescape(image, ",");
	target = strrchr(image, ':');
	if (target && strncmp(target, "://", 3) != 0)
		*target = '\0';
	return image_source_check(image, err);
}

static int add_item(struct bind_list *specs, struct error *err)
{
	struct bind_spec *list =
		realloc(specs->items, (specs->count + 1) * sizeof(*list));

	if (!list)
		return error_set(err, 0, "cannot allocate memory");
	specs->items = list;
	list[specs->count++] = (struct bind_spec){ .source = NULL };
	return 0;
}

static int parse_items(char *rest, enum bind_spec_kind kind,
	struct bind_list *specs, struct error *err)
{
	CLEANUP_FREE char *shown = NULL;
	struct bind_spec *last;
	char *item;

	while ((item = list_next_raw(&rest))) {
		last = specs->count > 0 ? &specs->items[specs->count - 1]
					: NULL;
		if (last && bind_option_continues(last, kind, item)) {
			if (bind_option_take(last, kind, item, err) < 0)
				return error_prefix(err, "'%s,%s'",
					shown ? shown : "", item);
			continue;
		}
		if (kind == BIND_SPEC_IMAGES && check_image(item, err) < 0)
			return -1;
		free(shown);
		shown = strdup(item);
		if (add_item(specs, err) < 0)
			return -1;
		if (parse_item(item, kind, &specs->items[specs->count - 1],
			    err) < 0)
			return error_prefix(err, "'%s'", shown ? shown : "");
	}
	return 0;
}

int bind_list_parse(const char *text, enum bind_spec_kind kind,
	struct bind_list *ret_list, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(text);
	struct bind_list specs = { .count = 0 };

	if (list_check(text, err) < 0)
		return -1;
	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	if (parse_items(copy, kind, &specs, err) < 0) {
		bind_list_free(&specs);
		return -1;
	}
	*ret_list = specs;
	return 0;
}

static void print_item(FILE *out, const void *list, size_t i)
{
	const struct bind_spec *spec =
		&((const struct bind_list *)list)->items[i];

	fprintf(out, "%s%s%s", spec->is_optional ? "?" : "",
		spec->is_fixed ? "!" : "", spec->source ? "" : "-");
	if (spec->source) {
		list_print_escaped(out, spec->source, ":,\\");
		fputc(':', out);
	}
	list_print_escaped(out, spec->target, ":,\\");
	if (spec->source && spec->is_read_only)
		fputs(":ro", out);
	if (!spec->image_path)
		return;
	fputs(spec->is_read_only ? ",image-src=" : ":image-src=", out);
	list_print_escaped(out, spec->image_path, ":,\\");
}

char *bind_list_print(const struct bind_list *specs)
{
	return list_print(specs, specs->count, print_item);
}

int bind_list_append(struct bind_list *list, struct bind_list *more)
{
	size_t count = list->count + more->count;
	struct bind_spec *items;

	if (more->count == 0)
		return 0;
	items = reallocarray(list->items, count, sizeof(*items));
	if (!items)
		return -1;
	memcpy(items + list->count, more->items, more->count * sizeof(*items));
	free(more->items);
	*list = (struct bind_list){ .items = items, .count = count };
	*more = (struct bind_list){ .count = 0 };
	return 0;
}

int bind_list_copy(const struct bind_list *list, struct bind_list *ret_copy)
{
	struct bind_list copy = { .count = 0 };
	struct bind_spec *spec;
	size_t i;

	if (list->count > 0)
		copy.items = calloc(list->count, sizeof(*copy.items));
	if (list->count > 0 && !copy.items)
		return -1;
	for (i = 0; i < list->count; i++) {
		spec = &copy.items[copy.count++];
		if (copy_spec(&list->items[i], spec) < 0) {
			bind_list_free(&copy);
			return -1;
		}
	}
	*ret_copy = copy;
	return 0;
}

void bind_list_free(struct bind_list *specs)
{
	size_t i;

	for (i = 0; i < specs->count; i++) {
		free(specs->items[i].source);
		free(specs->items[i].target);
		free(specs->items[i].image_path);
	}
	free(specs->items);
	*specs = (struct bind_list){ .count = 0 };
}
