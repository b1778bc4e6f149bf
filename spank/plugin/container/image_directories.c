/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The administrator's image directories, in which images are found by a name
 * without '/'.
 */
#include <limits.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/container/image_directories.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/expand.h"

bool image_directories_find(const char *path, uint32_t job, const char *name,
	image_directory_finder *find, char *ret_found)
{
	CLEANUP_FREE char *copy = path ? strdup(path) : NULL;
	char *rest = copy, *directory, expanded[PATH_MAX];
	struct admin_variables variables;
	struct error ignored;

	if (!copy)
		return false;
	admin_variables_load(job, &variables);
	while ((directory = strsep(&rest, ":")))
		if (expand_absolute(directory, variables.list, expanded,
			    &ignored) == 0 &&
			find(expanded, name, ret_found))
			return true;
	return false;
}
