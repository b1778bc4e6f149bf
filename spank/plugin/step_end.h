/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_END_H
#define SPANK_PLUGIN_STEP_END_H

#include "spank/plugin/step.h"

/*
 * In task_exit: a task has ended with this status, as of wait(2).  Tell the
 * user if its image server ended early or its image is damaged.  With the last
 * task, unmount the image from the host (mount=host).
 */
void step_task_ended(struct step *step, int status);

/* In exit: make sure that nothing of the step is left, and log to slurmd
 * what was wrong. */
void step_stop(struct step *step);

#endif
