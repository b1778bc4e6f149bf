/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hints for scripts of an image that are written for bash but were run by
 * another shell: which line, and what to do.  A shell prints an error for most
 * of these constructs.  They are named only if it has printed something, since
 * the line may be one that it never reached.  Other constructs have another
 * meaning in that shell, without an error.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/image_dialect.h"
#include "spank/plugin/environment/sh/dialect.h"

static bool is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash ? slash + 1 : path, name) == 0;
}

static unsigned kinds_of(const char *shell, bool has_spoken)
{
	char path[PATH_MAX];
	unsigned kinds = DIALECT_CR | DIALECT_SILENT;

	if (!realpath(shell, path))
		strcpy(path, "/");
	if (is_named(shell, "bash") || is_named(path, "bash"))
		return DIALECT_CR;
	if (!is_named(path, "busybox"))
		kinds |= DIALECT_DASH;
	return has_spoken ? kinds | DIALECT_REFUSED : kinds;
}

static void describe_dialect(const struct environment_dialect *dialect,
	const char *directory, const char *name, const char *shell,
	struct error *ret_hint)
{
	if (dialect->kind == DIALECT_CR)
		error_set(ret_hint, 0,
			"line %zu of '%s/%s' of the image ends with a carriage "
			"return, which becomes a part of values: give the file "
			"UNIX line ends",
			dialect->line, directory, name);
	else
		error_set(ret_hint, 0,
			"line %zu of '%s/%s' of the image has '%s', which its "
			"'%s' does not know: install bash in the image, or "
			"write it in a way that every shell knows",
			dialect->line, directory, name, dialect->construct,
			shell);
}

void image_dialect_explain(const struct image_scripts *scripts,
	const char *shell, bool has_spoken, struct error *ret_hint)
{
	unsigned kinds = kinds_of(shell, has_spoken);
	struct environment_dialect dialect;
	size_t i, length;

	for (i = 0; i < scripts->count; i++) {
		CLEANUP_FREE char *text =
			image_scripts_load(scripts, i, &length);

		if (text && environment_dialect_find(text, length, kinds,
				    &dialect)) {
			describe_dialect(&dialect, scripts->directory,
				scripts->names[i], shell, ret_hint);
			return;
		}
	}
}
