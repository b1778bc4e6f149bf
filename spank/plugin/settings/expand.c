/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Expansion of variables and of relative paths.  No command substitution, no
 * globbing: a path stays a path.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spank/plugin/settings/expand.h"

/* The result while it grows. */
struct text {
	char *bytes; /* PATH_MAX of them */
	size_t used;
	char *const *variables;
};

static int add_bytes(struct text *text, const char *bytes, size_t length,
	struct error *err)
{
	if (length >= PATH_MAX - text->used)
		return error_set(err, 0,
			"the path is longer than %d characters", PATH_MAX - 1);
	memcpy(text->bytes + text->used, bytes, length);
	text->used += length;
	text->bytes[text->used] = '\0';
	return 0;
}

static int add_variable(struct text *text, const char *name, size_t length,
	struct error *err)
{
	char *const *variable = text->variables;

	for (; *variable; variable++)
		if (strncmp(*variable, name, length) == 0 &&
			(*variable)[length] == '=')
			return add_bytes(text, *variable + length + 1,
				strlen(*variable + length + 1), err);
	return error_set(err, 0,
		"the variable %.*s, which it contains, is not set", (int)length,
		name);
}

static size_t name_length(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789_");
}

/* At a dollar sign.  Returns how much of the text has been used, or -1. */
static ssize_t add_dollar(struct text *text, const char *dollar,
	struct error *err)
{
	bool braces = dollar[1] == '{';
	const char *name = dollar + 1 + braces;
	size_t length = name_length(name);

	if (length == 0 || (braces && name[length] != '}'))
		return add_bytes(text, "$", 1, err) < 0 ? -1 : 1;
	if (add_variable(text, name, length, err) < 0)
		return -1;
	return 1 + length + 2 * braces;
}

static ssize_t add_next(struct text *text, const char *from, struct error *err)
{
	if (from[0] == '\\' && (from[1] == '$' || from[1] == '~'))
		return add_bytes(text, from + 1, 1, err) < 0 ? -1 : 2;
	if (from[0] == '$')
		return add_dollar(text, from, err);
	if (from[0] == '~' && text->used == 0 && (from[1] == '/' || !from[1]))
		return add_variable(text, "HOME", 4, err) < 0 ? -1 : 1;
	return add_bytes(text, from, 1, err) < 0 ? -1 : 1;
}

int expand_variables(const char *from, char *const *variables,
	char ret_path[PATH_MAX], struct error *err)
{
	struct text text = { .bytes = ret_path, .variables = variables };
	const char *next;
	ssize_t used;

	ret_path[0] = '\0';
	for (next = from; *next; next += used) {
		used = add_next(&text, next, err);
		if (used < 0)
			return error_prefix(err, "'%s'", from);
	}
	return 0;
}

int expand_absolute(const char *text, char *const *variables,
	char ret_path[PATH_MAX], struct error *err)
{
	if (expand_variables(text, variables, ret_path, err) < 0)
		return -1;
	return ret_path[0] == '/'
		       ? 0
		       : error_set(err, 0, "'%s' is not an absolute path",
				 ret_path);
}

int expand_path(const char *text, char ret_path[PATH_MAX], struct error *err)
{
	char expanded[PATH_MAX], directory[PATH_MAX];
	const char *relative = expanded;

	if (expand_variables(text, environ, expanded, err) < 0)
		return -1;
	if (expanded[0] == '/') {
		memcpy(ret_path, expanded, PATH_MAX);
		return 0;
	}
	if (!getcwd(directory, sizeof(directory)))
		return error_set(err, errno,
			"cannot find out the working directory, to which '%s' "
			"is relative",
			expanded);
	/* Many write "./image.sif". */
	while (strncmp(relative, "./", 2) == 0)
		relative += 1 + strspn(relative + 1, "/");
	if (snprintf(ret_path, PATH_MAX, "%s/%s",
		    strcmp(directory, "/") == 0 ? "" : directory,
		    relative) >= PATH_MAX)
		return error_set(err, ENAMETOOLONG, "'%s'", expanded);
	return 0;
}
