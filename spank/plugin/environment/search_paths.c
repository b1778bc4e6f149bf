/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PATH and LD_LIBRARY_PATH: variables that are lists of directories.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/search_paths.h"

bool environment_paths_contain(const char *path, const char *component)
{
	size_t length = strlen(component), part;

	for (;; path += part + 1) {
		part = strcspn(path, ":");
		if (part == length && memcmp(path, component, length) == 0)
			return true;
		if (!path[part])
			return false;
	}
}

/* Set the variable to "left:right".  An empty part adds no colon, which would
 * mean the working directory. */
static int set_joined(struct environment *result, const char *name,
	const char *left, const char *right, enum environment_source source,
	struct error *err)
{
	CLEANUP_FREE char *joined = NULL;

	if (asprintf(&joined, "%s%s%s", left, *left && *right ? ":" : "",
		    right) < 0) {
		joined = NULL;
		return error_set(err, ENOMEM, "cannot make the environment");
	}
	return environment_set(result, name, joined, source, err);
}

/* Whatever sets LD_LIBRARY_PATH, the libraries of the host's GPU drivers must
 * still be found. */
int environment_paths_set(struct environment *result, const char *name,
	const char *value, enum environment_source source, struct error *err)
{
	if (value && *value && strcmp(name, "LD_LIBRARY_PATH") == 0 &&
		!environment_paths_contain(value, ENVIRONMENT_LIBS))
		return set_joined(result, name, value, ENVIRONMENT_LIBS, source,
			err);
	return environment_set(result, name, value, source, err);
}

/* The list that `name` extends, or NULL. */
static const char *extended_name(const char *name, bool *ret_is_before)
{
	static const char prepend[] = "PREPEND_", append[] = "APPEND_";
	const char *list = name;

	*ret_is_before = strncmp(name, prepend, strlen(prepend)) == 0;
	if (*ret_is_before)
		list += strlen(prepend);
	else if (strncmp(name, append, strlen(append)) == 0)
		list += strlen(append);
	if (list > name && (strcmp(list, "PATH") == 0 ||
				   strcmp(list, "LD_LIBRARY_PATH") == 0))
		return list;
	return NULL;
}

bool environment_paths_is_extension(const char *name)
{
	bool is_before;

	return extended_name(name, &is_before);
}

int environment_paths_extend(struct environment *result, const char *name,
	const char *more, enum environment_source source, struct error *err)
{
	bool is_before;
	const char *list = extended_name(name, &is_before);
	const char *now = environment_value(result, list);

	if (!*more)
		return 0;
	if (!now)
		now = "";
	return set_joined(result, list, is_before ? more : now,
		is_before ? now : more, source, err);
}
