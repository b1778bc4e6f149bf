/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Binds that job scripts ask for in the variables of Singularity and Apptainer.
 */
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/container/foreign_binds.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/expand.h"
#include "spank/plugin/settings/list.h"

const char *const foreign_binds_variables[] = { "SINGULARITY_BIND",
	"SINGULARITY_BINDPATH", "APPTAINER_BIND", "APPTAINER_BINDPATH", NULL };

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

static bool names_source(const char *value, char *const *job,
	const char *source)
{
	CLEANUP_FREE char *list = strdup(value);
	struct bind_list specs;
	struct error ignored;
	bool found = false;
	size_t i;

	if (!list)
		return false;
	list_close_gaps(list);
	if (bind_list_parse(list, BIND_SPEC_USER, &specs, &ignored) < 0)
		return false;
	for (i = 0; i < specs.count && !found; i++)
		found = specs.items[i].source &&
			is_source(specs.items[i].source, job, source);
	bind_list_free(&specs);
	return found;
}

const char *foreign_binds_origin(const struct bind_spec *spec, char *const *job)
{
	const char *value;
	size_t i;

	for (i = 0; spec->source && foreign_binds_variables[i]; i++) {
		value = envp_get(job, foreign_binds_variables[i]);
		if (value && names_source(value, job, spec->source))
			return foreign_binds_variables[i];
	}
	return "--sif-bind";
}
