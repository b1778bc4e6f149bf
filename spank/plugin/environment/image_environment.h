/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_IMAGE_ENVIRONMENT_H
#define SPANK_PLUGIN_ENVIRONMENT_IMAGE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/error.h"
#include "spank/plugin/environment/messages.h"
#include "spank/plugin/environment/rules.h"
#include "spank/plugin/environment/variables/environment.h"

/* How the image's environment was determined. */
struct image_environment_report {
	size_t scripts;       /* files of /.singularity.d/env */
	const char *shell;    /* that ran them; NULL if they were only read */
	size_t skipped_lines; /* in scripts that were only read */
	struct image_messages messages;
	struct error hint; /* what may be wrong in a script; or text "" */
};

/*
 * Determine what the image changes in the environment of each task of the step
 * on this node (rules.h), from the scripts in '/.singularity.d/env'.  They are
 * read, or, if they have more than can be read, run with the image's bash or
 * its /bin/sh.  An image without that directory declares nothing.
 *
 * Called inside the container, as the user, without capabilities and with a
 * single thread.  Leaves no process behind, except for those that have left the
 * shell's process group.  If a script ends the shell with a status other than
 * 0, or is not done by the deadline, it fails with a sentence that names the
 * script.  The caller frees *ret_edits.  *ret_report is set on failure, too.
 */
int image_environment_load(const struct environment_request *request,
	struct deadline deadline, struct environment *ret_edits,
	struct image_environment_report *ret_report, struct error *err);

/* The same with another directory and list of shells (the preferred first, NULL
 * at the end); for tests. */
int image_environment_load_from(const char *directory,
	const char *const *shells, const struct environment_request *request,
	struct deadline deadline, struct environment *ret_edits,
	struct image_environment_report *ret_report, struct error *err);

#endif
