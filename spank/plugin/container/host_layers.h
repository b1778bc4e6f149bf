/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_HOST_LAYERS_H
#define SPANK_PLUGIN_CONTAINER_HOST_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/error.h"
#include "common/privileged/overlay.h"
#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/overlay_list.h"

/* As many as the names of their descriptors fit into a mount option. */
#define HOST_LAYERS_MAX 32

/*
 * The directories of the host that --sif-overlay lists, as layers of an overlay
 * over the image.
 */
struct host_layers {
	struct priv_layer layers[HOST_LAYERS_MAX]; /* paths are borrowed */
	size_t count;
	int writable_fd; /* owned: the last one, if steps write to it; or -1 */
	int userns_fd;   /* owned, or -1 */
	int proc_fd;     /* owned, or -1 */
};

#define HOST_LAYERS_NONE                                          \
	{                                                         \
		.writable_fd = -1, .userns_fd = -1, .proc_fd = -1 \
	}

/*
 * The order of the layers, as far as this machine has them; for the submission.
 * host_layers_find() checks it on the node.
 */
int host_layers_check_order(const struct overlay_list *list, struct error *err);

/*
 * Find the directories of the list, which must be its last items, and prepare
 * the writable one.  `has_writable_tmpfs`: the step has another writable layer.
 * Needs no capability, and none must be effective.  The result borrows the
 * paths of the list.
 */
int host_layers_find(const struct overlay_list *list, bool has_writable_tmpfs,
	struct host_layers *ret_layers, struct report *report,
	struct error *err);

/*
 * Get the user namespace that an overlay needs, if there are layers.
 * `has_userns`: the step is in one already.  Needs no capability, and none must
 * be effective; /proc must be the host's.
 */
int host_layers_prepare(struct host_layers *layers, bool has_userns,
	struct deadline deadline, struct error *err);

/*
 * Mount the layers over the image, which is attached at SCAFFOLD; the overlay
 * is attached there, too.  Returns its root, owned by the caller.  Requires
 * CAP_SYS_ADMIN.
 */
int host_layers_mount(const struct host_layers *layers,
	const struct plan_request *plan, struct deadline deadline,
	struct report *report, struct error *err);

void host_layers_free(struct host_layers *layers);

#endif
