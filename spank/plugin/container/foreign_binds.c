/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Binds in the variables of Singularity and Apptainer.  Commands add them to
 * --sif-bind; on the node they only tell where a bind comes from.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/container/foreign_binds.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/expand.h"
#include "spank/plugin/settings/list.h"

/* From the weakest to the strongest. */
static const char *const variables[FOREIGN_BINDS_VARIABLES] = {
	"SINGULARITY_BIND", "SINGULARITY_BINDPATH", "APPTAINER_BIND",
	"APPTAINER_BINDPATH"
};

/* Scripts that write "$SINGULARITY_BIND,/data" count on empty items being left
 * out. */
static int parse_binds(const char *value, struct bind_list *ret_list,
	struct error *err)
{
	CLEANUP_FREE char *copy = strdup(value);

	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	list_close_gaps(copy);
	return bind_list_parse(copy, BIND_SPEC_USER, ret_list, err);
}

/* --- in a command --------------------------------------------------------- */

/* Completed at once, so that an error names the variable. */
static int add_variable(struct setting_value *binds, const char *variable,
	struct error *err)
{
	const struct setting_value none = { .is_set = false };
	struct setting_value more = { .is_set = true, .word = NO_WORD };
	const char *value = getenv(variable);
	int added;

	if (!value)
		return 0;
	if (parse_binds(value, &more.binds, err) < 0)
		return error_prefix(err, "%s", variable);
	added = setting_complete_binds(&more, &none, false, err);
	if (added == 0)
		added = setting_value_append(binds, &more, err);
	setting_value_free(&more);
	return added < 0 ? error_prefix(err, "%s", variable) : 0;
}

static int load_variables(struct setting_value *binds, struct error *err)
{
	size_t i;

	for (i = 0; i < FOREIGN_BINDS_VARIABLES; i++)
		if (add_variable(binds, variables[i], err) < 0)
			return -1;
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* An outer command has added them already. */
static bool begins_with(const struct bind_list *list,
	const struct bind_list *begin)
{
	const struct bind_spec *a = list->items, *b = begin->items;
	size_t i;

	if (list->count < begin->count)
		return false;
	for (i = 0; i < begin->count; i++, a++, b++)
		if (!is_same(a->source, b->source) ||
			!is_same(a->target, b->target) ||
			!is_same(a->image_path, b->image_path) ||
			a->is_read_only != b->is_read_only ||
			a->is_optional != b->is_optional)
			return false;
	return true;
}

int foreign_binds_add(struct settings *settings,
	const struct plugstack_args *args, struct error *err)
{
	struct setting_value *own = &settings->value[SETTING_BIND];
	struct setting_value sum = { .is_set = true, .word = NO_WORD };
	int loaded;

	/* "none" empties all that came before. */
	if (args->denied[SETTING_BIND] ||
		(own->is_set && setting_value_is_empty(own)))
		return 0;
	loaded = load_variables(&sum, err);
	if (loaded == 0 && !begins_with(&own->binds, &sum.binds)) {
		loaded = setting_value_append(&sum, own, err);
		if (loaded == 0) {
			setting_value_free(own);
			*own = sum;
			return 0;
		}
	}
	setting_value_free(&sum);
	return loaded;
}

/* --- on the node ---------------------------------------------------------- */

void foreign_binds_load(char *const *job, struct foreign_binds *ret_foreign)
{
	struct foreign_binds foreign = { .job = job };
	struct error ignored;
	const char *value;
	size_t i;

	for (i = 0; i < FOREIGN_BINDS_VARIABLES; i++) {
		value = envp_get(job, variables[i]);
		if (value)
			parse_binds(value, &foreign.lists[i], &ignored);
	}
	*ret_foreign = foreign;
}

/* A relative source has become the end of a path. */
static bool is_source(const char *text, char *const *job, const char *source)
{
	char path[PATH_MAX];
	const char *relative = path;
	size_t length, begin;
	struct error ignored;

	if (expand_variables(text, job, path, &ignored) < 0)
		return false;
	if (path[0] == '/')
		return strcmp(path, source) == 0;
	while (strncmp(relative, "./", 2) == 0)
		relative += 2;
	length = strlen(relative);
	if (length == 0 || length >= strlen(source))
		return false;
	begin = strlen(source) - length;
	return source[begin - 1] == '/' &&
	       strcmp(source + begin, relative) == 0;
}

static bool names_source(const struct bind_list *list, char *const *job,
	const char *source)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->items[i].source &&
			is_source(list->items[i].source, job, source))
			return true;
	return false;
}

const char *foreign_binds_origin(const struct foreign_binds *foreign,
	const struct bind_spec *spec)
{
	size_t i;

	for (i = 0; spec->source && i < FOREIGN_BINDS_VARIABLES; i++)
		if (names_source(&foreign->lists[i], foreign->job,
			    spec->source))
			return variables[i];
	return "--sif-bind";
}

void foreign_binds_free(struct foreign_binds *foreign)
{
	size_t i;

	for (i = 0; i < FOREIGN_BINDS_VARIABLES; i++)
		bind_list_free(&foreign->lists[i]);
}
