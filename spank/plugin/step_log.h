/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_LOG_H
#define SPANK_PLUGIN_STEP_LOG_H

#include <slurm/spank.h>

#include "spank/plugin/environment/sh/environment.h"
#include "spank/plugin/step.h"

/* In task_exit: take in how a task of the step has ended, as of wait(2). */
void step_log_task(struct step *step, int status);

/* In a task: hand the UUID of the image, if `edits` have one, to slurmstepd. */
void step_log_uuid(const struct step *step, const struct environment *edits);

/* In a task that does not get into its container. */
void step_log_refused(const struct step *step);

/*
 * At the end of a step with an image: write one line to the log of slurmd.
 * `is_refused`: the step could not begin; a task that could not is known.
 */
void step_log_write(spank_t spank, const struct step *step, bool is_refused);

#endif
