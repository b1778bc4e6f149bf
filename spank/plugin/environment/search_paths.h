/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SEARCH_PATHS_H
#define SPANK_PLUGIN_ENVIRONMENT_SEARCH_PATHS_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/environment/variables/environment.h"

/* The PATH of an image that sets none, as with Singularity and Apptainer. */
#define ENVIRONMENT_DEFAULT_PATH \
	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Where runtimes put the libraries of the host's GPU drivers. */
#define ENVIRONMENT_LIBS "/.singularity.d/libs"

/* Is `component` one of the directories of the list `path`? */
bool environment_paths_contain(const char *path, const char *component);

/*
 * Set a variable; `value` may be NULL, see environment_set().  ENVIRONMENT_LIBS
 * is appended to an LD_LIBRARY_PATH that lacks it.
 */
int environment_paths_set(struct environment *result, const char *name,
	const char *value, enum environment_source source, struct error *err);

/* Is it PREPEND_ or APPEND_, followed by PATH or LD_LIBRARY_PATH? */
bool environment_paths_is_extension(const char *name);

/*
 * Add `more` at the front or the end of the list that the extension `name`
 * refers to.  An empty `more` changes nothing.
 */
int environment_paths_extend(struct environment *result, const char *name,
	const char *more, enum environment_source source, struct error *err);

#endif
