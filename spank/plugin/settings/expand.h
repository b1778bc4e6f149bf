/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_EXPAND_H
#define SPANK_PLUGIN_SETTINGS_EXPAND_H

#include <limits.h>

#include "common/error.h"

/*
 * Paths as users write them in options and #SBATCH lines, and administrators in
 * plugstack.conf, where no shell has seen them.
 */

/*
 * Replace $NAME and ${NAME} by the variable of `variables` (NAME=VALUE, NULL
 * at the end, as environ is), and a ~ at the begin by $HOME.  A variable that
 * is not there, or a result of PATH_MAX bytes or more, fails.  A backslash
 * before $ or ~ keeps it.
 */
int expand_variables(const char *text, char *const *variables,
	char ret_path[PATH_MAX], struct error *err);

/* The same; what is not absolute then fails. */
int expand_absolute(const char *text, char *const *variables,
	char ret_path[PATH_MAX], struct error *err);

/* By the environment; and a relative path becomes one below the working
 * directory. */
int expand_path(const char *text, char ret_path[PATH_MAX], struct error *err);

#endif
