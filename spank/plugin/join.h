/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_JOIN_H
#define SPANK_PLUGIN_JOIN_H

#include "common/error.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/settings/step_id.h"

/*
 * Find the container of a running step on this node, by a process of the user
 * in it.  `step` is the value of --sif-join; `job` is the environment of this
 * task, which has the job that is meant if `step` names none.  `proc` is where
 * proc(5) is mounted.
 *
 * Returns the mount namespace, owned by the caller, and stores in `vars` what
 * the container is, see container/container_vars.h.  `vars` is empty before;
 * the caller frees it.  Called as the user.
 */
int join_open(const char *proc, const struct step_id *step, char *const *job,
	char *vars[CONTAINER_VARS_MAX + 1], struct error *err);

#endif
