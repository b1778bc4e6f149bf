/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_GPUS_H
#define SPANK_PLUGIN_CONTAINER_GPUS_H

#include "common/deadline.h"
#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/io/report.h"

/*
 * Add what of the node's GPU drivers has to show, if the step has GPUs or the
 * user asks for it: binds, and variables to the list `vars` (see
 * container_vars.h). A program of the installation tells what that is, run as
 * the user, before any capability is raised.  A driver that was asked for by
 * "yes" and is not there fails; with "auto" it is a note in the report.
 */
int gpus_plan(const struct plan_request *request, struct deadline deadline,
	struct binds *binds, char **vars, struct report *report,
	struct error *err);

#endif
