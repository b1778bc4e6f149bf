/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_BINDS_H
#define SPANK_PLUGIN_CONTAINER_BINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "spank/plugin/container/bind.h"
#include "spank/plugin/io/report.h"

/*
 * Add one to the list.  It takes the place of an earlier one with the same
 * target, and comes before those whose targets are below its own.
 */
void binds_add(struct binds *binds, const char *source, const char *target,
	int flags, const char *origin);

/* Add a mount that exists already; *mount_fd is given away. */
void binds_add_mount(struct binds *binds, int *mount_fd, const char *target,
	bool is_directory, int flags, const char *origin);

/*
 * The mount of the bind at `target` that waits for it (BIND_SET_LATER);
 * *mount_fd is given away, unless the user has put something else there, or
 * nothing.
 */
void binds_set_mount(struct binds *binds, const char *target, int *mount_fd);

/* Take the bind at `target` off the list, if there is one. */
int binds_remove(struct binds *binds, const char *target, struct error *err);

/* The same for a bind of the user's at `target`, who may not put it into one
 * that is whole (BIND_EXCLUSIVE) either. */
int binds_make_room(struct binds *binds, const char *target, struct error *err);

/* Take those of the user's off the list that lie in a whole one. */
void binds_remove_covered(struct binds *binds);

/* Is `path` in one of the bound directories, under the same name?  With
 * binds_show() an empty one does not count. */
bool binds_cover(const struct binds *binds, const char *path);
bool binds_show(const struct binds *binds, const char *path);

/*
 * The three steps, each over the whole list, so that no mount point is made
 * in a directory of the host.  They require CAP_SYS_ADMIN and the user's ids;
 * `root_fd` is the root of the image.  An optional bind that fails is left
 * out, with a note unless it is just not there; any other fails the step.
 */
int binds_clone(struct binds *binds, struct report *report, struct error *err);
int binds_make_points(struct binds *binds, int root_fd, struct report *report,
	struct error *err);
int binds_attach(struct binds *binds, int root_fd, struct report *report,
	struct error *err);

/* Close what has not been given away, and empty the list. */
void binds_free(struct binds *binds);

#endif
