/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_OPTIONS_H
#define SPANK_PLUGIN_OPTIONS_H

#include <slurm/spank.h>

#include "common/error.h"

/*
 * Register the options with srun, sbatch, salloc and slurmstepd.  The session
 * stores their values.  srun, sbatch and salloc refuse a wrong value at once;
 * slurmstepd records it for task_init.  Called in init; needs no privilege.
 */
int options_register(spank_t spank, struct error *err);

#endif
