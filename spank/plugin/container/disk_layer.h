/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_DISK_LAYER_H
#define SPANK_PLUGIN_CONTAINER_DISK_LAYER_H

#include "common/error.h"
#include "spank/plugin/io/report.h"

/*
 * A writable layer in a directory of the host, which outlives the step.  In the
 * directory, "upper" holds what is changed, "work" is the kernel's, and
 * "used-by" names the last step that has used it.
 *
 * The kernel is the lock: of the steps of a node, it lets one write to a
 * directory, until the last process of that step has ended.  Nodes do not share
 * a directory, because file systems of several nodes are refused.
 */

/*
 * Open the directory, and make "upper" and "work" if they are missing.  Fails
 * if the directory cannot hold such a layer.  Needs no capability, and none
 * must be effective.  Returns its descriptor, owned by the caller.
 */
int disk_layer_open(const char *path, struct report *report, struct error *err);

/* After a failure to mount it: say why in *err, if that is known. */
void disk_layer_explain(const char *path, int dir_fd, struct error *err);

/* Fail if the kernel has made the layer read-only: it does so if it cannot
 * prepare "work". */
int disk_layer_check(const char *path, int mount_fd, struct error *err);

/* Note which step uses the directory; a failure does not matter.  `step` has
 * no line break. */
void disk_layer_note_step(int dir_fd, const char *step);

#endif
