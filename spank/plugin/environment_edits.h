/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_EDITS_H
#define SPANK_PLUGIN_ENVIRONMENT_EDITS_H

#include "common/deadline.h"
#include "common/error.h"
#include "spank/plugin/environment/variables/environment.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/settings.h"

/* What changes in the environment of every task.  Zeroed: nothing. */
struct environment_edits {
	struct environment list;
	/* With --sif-debug: which script of the image set a variable last; see
	 * environment/setters.h. */
	struct environment setters;
};

/*
 * Find out what changes: read or run the image's scripts, and apply the
 * options.  `job` is the task's environment, `vars` what the container is (see
 * container/container_vars.h).  Called inside the container, without rights.
 * The caller frees *ret_edits, also after a failure.
 */
int environment_edits_load(const struct settings *settings, char *const *job,
	char *const *vars, struct deadline deadline,
	struct environment_edits *ret_edits, struct report *report,
	struct error *err);

/* The list as a memfd that nobody can change; owned by the caller. */
int environment_edits_share(const struct environment_edits *edits,
	struct error *err);

/*
 * The list from such a memfd.  It comes from a process of the user, so
 * everything in it is checked, see environment_unpack().
 */
int environment_edits_receive(int fd, struct environment_edits *ret_edits,
	struct error *err);

void environment_edits_free(struct environment_edits *edits);

#endif
