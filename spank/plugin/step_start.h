/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_START_H
#define SPANK_PLUGIN_STEP_START_H

#include <slurm/spank.h>

#include "common/error.h"
#include "spank/plugin/step.h"

/*
 * In init_post_opt of slurmstepd, for a step that runs in an image: start a
 * server for each image and, with mount=host, the keeper.  Does not wait for
 * them.  Requires uid 0.
 */
int step_start(spank_t spank, struct step *step,
	const struct plugstack_args *args, struct error *err);

/*
 * In task_post_fork, in slurmstepd: let the watchdog know the task.  With the
 * first task, charge the servers to the step and start the watchdog.
 */
void step_task_forked(struct step *step, const struct task_event *event);

#endif
