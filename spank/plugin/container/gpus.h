/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_GPUS_H
#define SPANK_PLUGIN_CONTAINER_GPUS_H

#include "common/deadline.h"
#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/io/report.h"

/*
 * Add the node's GPU drivers to `binds` and `vars` (see container_vars.h), if
 * the step has GPUs or the user asks for them.  Runs spank-sif-gpus as the
 * user; call it before any capability is raised.  A missing driver is a failure
 * if the user asked for it with "yes", and otherwise at most a note in the
 * report.
 */
int gpus_plan(const struct plan_request *request, struct deadline deadline,
	struct binds *binds, char **vars, struct report *report,
	struct error *err);

#endif
