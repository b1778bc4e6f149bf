/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_LOG_H
#define SPANK_PLUGIN_STEP_LOG_H

#include <slurm/spank.h>

#include "spank/plugin/environment/variables/environment.h"
#include "spank/plugin/step.h"

/* In task_exit: note how a task of the step has ended, as of wait(2). */
void step_log_task(struct step *step, int status);

/* In a task: pass the UUID of the image, if it is in `edits`, to slurmstepd. */
void step_log_uuid(const struct step *step, const struct environment *edits);

/* In a task that does not get into its container. */
void step_log_refused(const struct step *step);

/*
 * At the end of a step with an image: write one line to the log of slurmd.
 * `is_refused`: the step could not start.  Refused tasks are known already.
 */
void step_log_write(spank_t spank, const struct step *step, bool is_refused);

#endif
