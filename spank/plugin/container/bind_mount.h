/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_BIND_MOUNT_H
#define SPANK_PLUGIN_CONTAINER_BIND_MOUNT_H

#include "common/error.h"
#include "spank/plugin/container/binds.h"
#include "spank/plugin/io/report.h"

/*
 * The three steps, in this order, each over the whole list, so that no mount
 * point is made in a directory of the host.  They require CAP_SYS_ADMIN (the
 * second does not) and the user's ids; `root_fd` is the root of the image.  An
 * optional bind that fails is left out, with a note unless it is just not
 * there; any other fails the step.
 */
int bind_mount_clone(struct binds *binds, struct report *report,
	struct error *err);
int bind_mount_make_points(struct binds *binds, int root_fd,
	struct report *report, struct error *err);
int bind_mount_attach(struct binds *binds, int root_fd, struct report *report,
	struct error *err);

/*
 * After the user's writable layer has been put over the image, and before
 * anything is attached in it: make again what it hides of the mount points.
 */
int bind_mount_make_hidden(struct binds *binds, int root_fd,
	struct report *report, struct error *err);

#endif
