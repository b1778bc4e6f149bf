/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_TASK_ENVIRONMENT_H
#define SPANK_PLUGIN_TASK_ENVIRONMENT_H

#include <slurm/spank.h>

#include "common/error.h"
#include "spank/plugin/environment_edits.h"
#include "spank/plugin/io/report.h"

/*
 * The environment of the task, as Slurm has it, which stays its owner; valid
 * until the next change.  HOME and USER are set first, from the user's entry,
 * if the job lacks them.
 */
int task_environment_load(spank_t spank, char ***ret_job, struct error *err);

/* Give Slurm what changes, and $PWD. */
int task_environment_change(spank_t spank,
	const struct environment_edits *edits, const char *pwd,
	struct error *err);

/* With --sif-debug: a line for each variable that is set, and one for those
 * that a source takes away. */
void task_environment_report(const struct environment_edits *edits,
	struct report *report);

#endif
