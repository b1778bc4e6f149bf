/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_FIXED_BINDS_H
#define SPANK_PLUGIN_CONTAINER_FIXED_BINDS_H

#include "common/error.h"
#include "spank/plugin/container/bind.h"

/*
 * What the site shows in every container (BIND_FIXED; BIND_EXCLUSIVE if nothing
 * of a user's may lie in it either), and what users would cover it with.
 */

/* The sentence for who tries.  Returns -1. */
int fixed_binds_refuse(const char *target, struct error *err);

/* The whole one that `target` is, or lies in, by name; or NULL. */
const struct bind *fixed_binds_find_above(const struct binds *binds,
	const char *target);

/*
 * After all is attached: does each still show, whole, and will it until the
 * step ends?  `root_fd` is the root of the image.
 */
int fixed_binds_check(const struct binds *binds, int root_fd,
	struct error *err);

#endif
