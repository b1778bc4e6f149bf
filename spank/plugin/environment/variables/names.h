/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_VARIABLES_NAMES_H
#define SPANK_PLUGIN_ENVIRONMENT_VARIABLES_NAMES_H

#include <stdbool.h>

/*
 * Does it belong to Slurm, to a process manager, or to the selection of GPUs?
 * Such values may differ between tasks; neither an image nor --sif-cleanenv
 * changes them.
 */
bool environment_name_is_protected(const char *name);

/*
 * Is it a protected name that is a setting of the user or the site, and not
 * needed by a task to find the other tasks?  An image may set these if the job
 * does not.
 */
bool environment_name_is_mpi_setting(const char *name);

/* Is it for Singularity or Apptainer?  They do not pass these into a container
 * either. */
bool environment_name_is_runtime(const char *name);

/* Does it survive --sif-cleanenv? */
bool environment_name_survives_clean(const char *name);

/* Do only the image's scripts, or their shell, use it? */
bool environment_name_is_script_internal(const char *name);

/* Does a shell set it by itself, or change its behaviour when it is set? */
bool environment_name_is_shell(const char *name);

/* Is this NAME in SINGULARITYENV_NAME not a variable that can be set so? */
bool environment_name_is_special(const char *name);

#endif
