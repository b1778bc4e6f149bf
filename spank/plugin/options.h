/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_OPTIONS_H
#define SPANK_PLUGIN_OPTIONS_H

#include <slurm/spank.h>

#include "common/error.h"

/*
 * Make the options known to srun, sbatch and salloc, and to slurmstepd.  What
 * the user says is stored in the session; a wrong value is refused at once in
 * the commands and recorded for task_init in slurmstepd.  Called in init; needs
 * no privilege.
 */
int options_register(spank_t spank, struct error *err);

#endif
