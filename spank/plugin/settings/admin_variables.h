/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_ADMIN_VARIABLES_H
#define SPANK_PLUGIN_SETTINGS_ADMIN_VARIABLES_H

#include <limits.h>
#include <stdint.h>

#include "common/error.h"

/*
 * Variables in paths of plugstack.conf: USER, HOME and UID of the job's user,
 * and SLURM_JOB_ID.  The values come from the node's name services and from
 * Slurm, never from the environment, which users can write.
 */

struct admin_variables {
	/* NAME=VALUE, NULL at the end; into the arrays below: do not copy. */
	char *list[5];
	char user[8 + LOGIN_NAME_MAX], home[8 + PATH_MAX], uid[32], job[32];
};

/* -1 unless the path contains no other variables, and is absolute whatever the
 * values of these are. */
int admin_variables_check(const char *text, struct error *err);

/*
 * Look up the user of the calling process.  This runs modules of the name
 * services, so it must not be called as root.  USER and HOME are missing if the
 * user has no entry, SLURM_JOB_ID if `job` is 0.
 */
void admin_variables_load(uint32_t job, struct admin_variables *ret_variables);

#endif
