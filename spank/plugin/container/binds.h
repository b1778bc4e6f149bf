/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_BINDS_H
#define SPANK_PLUGIN_CONTAINER_BINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/container/bind.h"

/*
 * Add a bind to the list.  It replaces an earlier one with the same target.  If
 * there is no memory, the list notes that, and bind_mount_clone() fails.
 */
void binds_add(struct binds *binds, const char *source, const char *target,
	int flags, const char *origin);

/* Add a mount that exists already; *mount_fd is given away. */
void binds_add_mount(struct binds *binds, int *mount_fd, const char *target,
	bool is_directory, int flags, const char *origin);

/*
 * Set the mount of the BIND_SET_LATER bind at `target`.  *mount_fd is given
 * away if that is still there: the user may have bound something else at that
 * place, or nothing.
 */
void binds_set_mount(struct binds *binds, const char *target, int *mount_fd);

/* Remove the bind at `target`, if there is one.  -1 if it is fixed. */
int binds_remove(struct binds *binds, const char *target, struct error *err);

/* The same to make room for a user's bind at `target`, which must not lie in an
 * exclusive bind either. */
int binds_make_room(struct binds *binds, const char *target, struct error *err);

/* Remove the user's binds that lie in an exclusive one. */
void binds_remove_covered(struct binds *binds);

/* The bind at the nearest directory above `path`; or NULL. */
const struct bind *binds_find_above(const struct binds *binds,
	const char *path);

/* Does a bind contain `path` under the name that it has on the host?
 * binds_show() does not count BIND_EMPTY ones. */
bool binds_cover(const struct binds *binds, const char *path);
bool binds_show(const struct binds *binds, const char *path);

/* Close the descriptors that are still owned, and empty the list. */
void binds_free(struct binds *binds);

#endif
