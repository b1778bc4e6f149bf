/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SEARCH_PATHS_H
#define SPANK_PLUGIN_ENVIRONMENT_SEARCH_PATHS_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/environment/sh/environment.h"

/* What every image without a PATH has, as with Singularity and Apptainer. */
#define ENVIRONMENT_DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Where a runtime puts libraries of the host's drivers. */
#define ENVIRONMENT_LIBS "/.singularity.d/libs"

/* Is `component` one of the directories of the list `path`? */
bool environment_paths_contain(const char *path, const char *component);

/*
 * Set a variable, whose value may be NULL.  An LD_LIBRARY_PATH gets the
 * directory of the drivers' libraries, if it lacks that.
 */
int environment_paths_set(struct environment *result, const char *name,
	const char *value, enum environment_source source, struct error *err);

/* Is it PREPEND_ or APPEND_ with PATH or LD_LIBRARY_PATH? */
bool environment_paths_is_extension(const char *name);

/* Put `more` before or behind the value of the list that `name`, such an
 * extension, names.  An empty `more` changes nothing. */
int environment_paths_extend(struct environment *result, const char *name,
	const char *more, enum environment_source source, struct error *err);

#endif
