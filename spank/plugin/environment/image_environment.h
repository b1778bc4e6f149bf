/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_IMAGE_ENVIRONMENT_H
#define SPANK_PLUGIN_ENVIRONMENT_IMAGE_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/error.h"
#include "spank/plugin/environment/messages.h"
#include "spank/plugin/environment/rules.h"
#include "spank/plugin/environment/sh/environment.h"

/* How the image's environment was found out. */
struct image_environment_report {
	size_t scripts;       /* files of /.singularity.d/env */
	const char *shell;    /* that ran them; NULL if they were read */
	size_t skipped_lines; /* of those that were read */
	struct image_messages messages;
	struct error hint; /* what may be wrong in a script; text "" if not */
};

/*
 * Read the scripts of '/.singularity.d/env', or run them with the image's bash
 * or else its /bin/sh, if it has one and they have more than can be read, and
 * tell what is to be changed in the environment of each task of the step on
 * this node (rules.h).  An image without that directory declares
 * nothing.
 *
 * Called inside the container, as the user, without any capability and with no
 * other thread.  Leaves no process behind, but what left the shell's process
 * group by itself.  Fails with a sentence that names the script, if one of them
 * ends the shell with another status than 0, or is not done by the deadline.
 * The caller frees *ret_edits.  *ret_report is filled in on failure, too.
 */
int image_environment_load(const struct environment_request *request,
	struct deadline deadline, struct environment *ret_edits,
	struct image_environment_report *ret_report, struct error *err);

/* The same with other places than those of an image, of the shells the best
 * first, and NULL at the end; for tests. */
int image_environment_load_from(const char *directory,
	const char *const *shells, const struct environment_request *request,
	struct deadline deadline, struct environment *ret_edits,
	struct image_environment_report *ret_report, struct error *err);

#endif
