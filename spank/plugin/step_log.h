/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_LOG_H
#define SPANK_PLUGIN_STEP_LOG_H

#include <slurm/spank.h>

#include "spank/plugin/environment/sh/environment.h"

/* In task_exit: take in how a task of the step has ended, as of wait(2). */
void step_log_task(int status);

/* In a task: hand the UUID of the image, if `edits` have one, to slurmstepd. */
void step_log_uuid(const struct environment *edits);

/* In a task that does not get into its container. */
void step_log_refused(void);

/* At the end of a step with an image: one line in the log of slurmd, unless the
 * administrator wants none. */
void step_log_write(spank_t spank);

#endif
