/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_EXPAND_H
#define SPANK_PLUGIN_SETTINGS_EXPAND_H

#include <limits.h>

#include "common/error.h"

/*
 * Variables in paths that no shell expands: users write them in options and
 * #SBATCH lines, administrators in plugstack.conf.
 */

/*
 * Replace $NAME and ${NAME} by the values in `variables` (NAME=VALUE, NULL at
 * the end, as in environ), and a leading ~ by $HOME.  Fails if a variable is
 * missing, or if the result has PATH_MAX bytes or more.  A backslash before $
 * or ~ keeps it.
 */
int expand_variables(const char *text, char *const *variables,
	char ret_path[PATH_MAX], struct error *err);

/* The same; fails if the result is not absolute. */
int expand_absolute(const char *text, char *const *variables,
	char ret_path[PATH_MAX], struct error *err);

/* The same with this process's environment; a relative path is resolved against
 * the working directory. */
int expand_path(const char *text, char ret_path[PATH_MAX], struct error *err);

#endif
