/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_ADMIN_VARIABLES_H
#define SPANK_PLUGIN_SETTINGS_ADMIN_VARIABLES_H

#include <limits.h>
#include <stdint.h>

#include "common/error.h"

/*
 * What a path in plugstack.conf may depend on: USER, HOME and UID of the job's
 * user, and SLURM_JOB_ID.  The values are those of the node's name services and
 * of Slurm, never of the environment, which is the user's to write.
 */

struct admin_variables {
	char *list[5]; /* NAME=VALUE, NULL; into what follows, so no copies */
	char user[8 + LOGIN_NAME_MAX], home[8 + PATH_MAX], uid[32], job[32];
};

/* A path must contain no others, and be absolute with any values of these. */
int admin_variables_check(const char *text, struct error *err);

/*
 * Look up the user of the calling process: the modules of name services run
 * here, so never as root.  USER and HOME are left out if he has no entry,
 * SLURM_JOB_ID if `job` is 0.
 */
void admin_variables_load(uint32_t job, struct admin_variables *ret_variables);

#endif
