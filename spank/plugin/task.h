/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_TASK_H
#define SPANK_PLUGIN_TASK_H

#include <stdbool.h>

#include <slurm/spank.h>

#include "common/error.h"
#include "spank/plugin/io/report.h"

/*
 * In task_init, as the user: let the task enter its container, see entry.h, and
 * give Slurm what changes in its environment.  `speaks`: it tells the user what
 * of that is the same for all tasks of the node.
 */
int enter_container(spank_t spank, bool speaks, struct report *report,
	struct error *err);

#endif
