/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SUBMIT_CHECK_H
#define SPANK_PLUGIN_SUBMIT_CHECK_H

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/settings.h"

/*
 * Combinations of valid values that srun, sbatch and salloc refuse.  `given`
 * are the options of this command's own line, including #SBATCH lines.
 */

/*
 * Refuse options of this command that have no effect together with --sif-join,
 * and --sif-join itself of sbatch and salloc.  Variables may be meant for other
 * commands: they are ignored instead.
 */
int submit_check_join(struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, struct error *err);

/*
 * Without an image, refuse options of this command that need one, and note
 * variables that do in the report.  The sruns of sbatch and salloc may name an
 * image, so for these only the option for the script or shell itself counts.
 * With --sif-image=none nothing is refused.
 */
int submit_check_image(const struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, struct report *report,
	struct error *err);

/*
 * Slurm gives the last value of an option to all components of a heterogeneous
 * command: refuse a value that differs from that of the first component.  Lists
 * accumulate instead.
 */
int submit_check_component(const struct settings *settings, struct error *err);

#endif
