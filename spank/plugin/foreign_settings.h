/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_FOREIGN_SETTINGS_H
#define SPANK_PLUGIN_FOREIGN_SETTINGS_H

#include "common/error.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * In srun, sbatch and salloc: apply the variables of Singularity and Apptainer,
 * such as APPTAINER_CLEANENV, to settings that are not set and not denied by
 * the administrator.  Fails with a sentence that names the variable if a value
 * is wrong.  For binds see container/foreign_binds.h.
 */
int foreign_settings_add(struct settings *settings,
	const struct plugstack_args *args, struct error *err);

#endif
