/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SESSION_H
#define SPANK_PLUGIN_SESSION_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/deputy.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/step.h"
#include "spank/plugin/submit.h"
#include "spank/plugin/task.h"

/*
 * What the hooks of one process pass on to one another: the plugin's only
 * global variable.  plugin.c and options.c, which Slurm calls, use it; all
 * others get the part that they work on.
 *
 * srun, sbatch and salloc use the submission, slurmstepd the step and the
 * deputy, and a task its own part and its copy of the step.
 */
struct session {
	bool is_loaded; /* init has been called, see refuse_second() */
	struct plugstack_args args;
	/*
	 * The first failure.  A hook other than task_init that fails drains
	 * the node or loses the exit code (spank(8), RETURN VALUES), so hooks
	 * record their failures here, and task_init tells them.
	 */
	struct error error;
	struct submission submission;
	struct step step;
	struct deputy deputy; /* for the hooks of that step */
	struct task task;
};

extern struct session session;

/* Record a failure, unless there is one already: the first is the cause. */
void session_record(const struct error *err);

#endif
