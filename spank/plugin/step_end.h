/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_END_H
#define SPANK_PLUGIN_STEP_END_H

#include "spank/plugin/step.h"

/*
 * In task_exit, in slurmstepd: a task has ended.  Tell the user if its image
 * server ended early or its image is damaged.  With the last task, unmount the
 * image from the host (mount=host).
 */
void step_task_ended(struct step *step, const struct task_event *event);

/*
 * In task_exit, outside of slurmstepd (step_is_contained()), before
 * step_task_ended(): servers and keeper end when all copies of their lifelines
 * are closed.  Closes those of this process.
 */
void step_close_copies(const struct step *step);

/* In exit: make sure that nothing of the step is left, and log to slurmd
 * what was wrong. */
void step_stop(struct step *step);

#endif
