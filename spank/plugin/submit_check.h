/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SUBMIT_CHECK_H
#define SPANK_PLUGIN_SUBMIT_CHECK_H

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/settings.h"

/*
 * What srun, sbatch and salloc refuse of good values that do not go together.
 * `given` are the options of this command's own line, #SBATCH lines included.
 */

/*
 * Refuse what this command's own options say in vain, beside --sif-join or by
 * it; `given` are those options.  What the environment says may be for others:
 * beside --sif-join it has no effect, and none has --sif-join of sbatch and
 * salloc.
 */
int submit_check_join(struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, struct error *err);

/*
 * Without an image, refuse what this command's own options ask of one, and note
 * in the report what the environment does; sbatch and salloc, whose sruns may
 * name an image, only where the job's own script or shell is concerned.  With
 * --sif-image=none nothing is refused.
 */
int submit_check_image(const struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, struct report *report,
	struct error *err);

/*
 * Slurm hands the last value of an option to all components of a heterogeneous
 * command: refuse one that is not that of the first.  Lists add up.
 */
int submit_check_component(const struct settings *settings, struct error *err);

#endif
