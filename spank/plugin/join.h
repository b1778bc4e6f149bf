/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_JOIN_H
#define SPANK_PLUGIN_JOIN_H

#include "common/error.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/settings/step_id.h"

/*
 * Find the container of a running step on this node, by a process of the
 * user's own in it: `step` is [JOB.]STEP as --sif-join has it, `job` the
 * environment of this task, for the job that is meant if none is named.
 * Returns the mount namespace, owned by the caller, and stores what that
 * container is in `vars`, see container/container_vars.h; they are empty
 * before, and the caller frees them.  Called as the user.
 */
int join_open(const struct step_id *step, char *const *job,
	char *vars[CONTAINER_VARS_MAX + 1], struct error *err);

#endif
