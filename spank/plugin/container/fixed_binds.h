/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_FIXED_BINDS_H
#define SPANK_PLUGIN_CONTAINER_FIXED_BINDS_H

#include "common/error.h"
#include "spank/plugin/container/bind.h"

/*
 * Binds that every container of a site has (BIND_FIXED), and in which no user's
 * bind can lie (BIND_EXCLUSIVE).
 */

/* Say that a user cannot leave it out or cover it.  Returns -1. */
int fixed_binds_refuse(const char *target, struct error *err);

/* The exclusive bind that has the target `target`, or in which that lies by
 * name; or NULL. */
const struct bind *fixed_binds_find_above(const struct binds *binds,
	const char *target);

/*
 * After all is attached: does each fixed bind show, uncovered, and will it do
 * so until the step ends?  `root_fd` is the root of the image.  -1 with a
 * sentence if not.
 */
int fixed_binds_check(const struct binds *binds, int root_fd,
	struct error *err);

#endif
