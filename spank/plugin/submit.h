/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SUBMIT_H
#define SPANK_PLUGIN_SUBMIT_H

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * The part of srun, sbatch and salloc: what the user asks for is made complete
 * where he asks for it, and handed on to the nodes, and to the sruns of the
 * job, in the environment.  Runs as the user; needs no privilege.
 */

/*
 * Take in what the environment says, before Slurm calls back for the options,
 * and let Slurm not replay those of sbatch and salloc: the environment has them
 * in a form that means the same in every directory.  Wrong values are noted.
 */
void submit_load(struct settings *settings, struct settings_errors *ret_wrong);

/*
 * After the options: make paths absolute and expand variables in them, look
 * the values up against what the administrator denies, let the image be
 * inspected if it can be seen from here, and put the result into the
 * environment.  -1 with a sentence if the job should not be submitted; what the
 * user should know otherwise is added to the report.
 *
 * Slurm calls for each component of a heterogeneous command, and knows but one
 * value of an option for all of them: `again` says that this is not the first.
 */
int submit_finish(struct settings *settings, const struct plugstack_args *args,
	bool is_srun, bool again, struct report *report, struct error *err);

#endif
