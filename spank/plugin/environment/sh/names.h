/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_NAMES_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_NAMES_H

#include <stdbool.h>

/*
 * Is it a variable of Slurm's, of a process manager's or of the choice of
 * GPUs?  Those may differ from task to task: neither an image nor
 * --sif-cleanenv touches them.
 */
bool environment_name_is_protected(const char *name);

/*
 * Is it one of the protected that are a user's or a site's settings, and not
 * how a task finds the others?  Images bring such, and the job need not have
 * any.
 */
bool environment_name_is_mpi_setting(const char *name);

/* Is it for Singularity or Apptainer?  They do not let such into a container
 * either. */
bool environment_name_is_runtime(const char *name);

/* Does it survive --sif-cleanenv? */
bool environment_name_survives_clean(const char *name);

/* Is it of the image's scripts or their shell, and of no use after them? */
bool environment_name_is_script_internal(const char *name);

/* Does a shell set it by itself, or do something when it is set? */
bool environment_name_is_shell(const char *name);

/* In SINGULARITYENV_NAME: is NAME no variable to be set, or not by that? */
bool environment_name_is_special(const char *name);

#endif
