/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_FOREIGN_BINDS_H
#define SPANK_PLUGIN_CONTAINER_FOREIGN_BINDS_H

#include "common/error.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * Binds that job scripts ask for in the variables of Singularity and Apptainer,
 * such as SINGULARITY_BIND.
 */

/*
 * In a command: complete the binds of these variables, and put them before
 * those of --sif-bind, which thus has the last word about a destination.
 * Nothing is added if the list of --sif-bind is empty, begins with them, or is
 * denied to users.  -1 with a sentence that names the variable.
 */
int foreign_binds_add(struct settings *settings,
	const struct plugstack_args *args, struct error *err);

/*
 * The variables in `job`, an environment, parsed to find out where a bind comes
 * from: a list that was handed on does not tell.  To be freed by
 * foreign_binds_free().
 */
#define FOREIGN_BINDS_VARIABLES 4

struct foreign_binds {
	struct bind_list lists[FOREIGN_BINDS_VARIABLES];
	char *const *job;
};

void foreign_binds_load(char *const *job, struct foreign_binds *ret_foreign);

/* For a message: the variable that names the source of the bind, or
 * "--sif-bind". */
const char *foreign_binds_origin(const struct foreign_binds *foreign,
	const struct bind_spec *spec);

void foreign_binds_free(struct foreign_binds *foreign);

#endif
