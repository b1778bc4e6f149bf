/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SUBMIT_H
#define SPANK_PLUGIN_SUBMIT_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * What srun, sbatch and salloc do: what the user asks for is resolved where
 * they ask for it, and passed on in the environment to the nodes, and to the
 * sruns of the job.  Runs as the user; needs no privilege.
 */

/* What a command knows of its submission. */
struct submission {
	bool is_srun; /* and not sbatch or salloc */
	struct settings settings;
	struct settings_errors wrong; /* with the last value of each */
	bool given[SETTINGS_COUNT];   /* by an option of this command */
	bool is_finished; /* a component of the command has been submitted */
};

/*
 * Take in what the environment says, before Slurm calls back for the options.
 * Keep Slurm from replaying the options of sbatch and salloc: the environment
 * has them in a form that means the same in every directory.  Wrong values are
 * noted.
 */
void submit_load(struct submission *submission, bool is_srun);

/* Take in an option of the command line, #SBATCH lines included. */
int submit_take_option(struct submission *submission, enum setting setting,
	const char *value, struct error *err);

/*
 * After the options: make paths absolute and expand variables in them, compare
 * the values with what the administrator denies, have the image inspected if it
 * can be seen from here, and put the result into the environment.  Fails with a
 * sentence if the job should not be submitted; so it does if *earlier has a
 * failure and an image is wanted.  What else the user should know is added to
 * the report.
 *
 * Slurm calls for each component of a heterogeneous command, but knows only one
 * value of an option for all of them: see submit_check_component().
 */
int submit_finish(struct submission *submission,
	const struct plugstack_args *args, const struct error *earlier,
	struct report *report, struct error *err);

#endif
