/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_FOREIGN_BINDS_H
#define SPANK_PLUGIN_CONTAINER_FOREIGN_BINDS_H

#include "spank/plugin/settings/bind_list.h"

/* The variables in which Singularity and Apptainer take binds, from the weakest
 * to the strongest; NULL at the end. */
extern const char *const foreign_binds_variables[];

/*
 * Where a bind of the user's comes from, for a message: the variable of these
 * that names its source, or "--sif-bind".  A list that is handed on does not
 * say; `job` is the environment of the job.
 */
const char *foreign_binds_origin(const struct bind_spec *spec,
	char *const *job);

#endif
