/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_STEP_IMAGES_H
#define SPANK_PLUGIN_CONTAINER_STEP_IMAGES_H

#include "spank/plugin/container/binds.h"
#include "spank/plugin/container/container_request.h"
#include "spank/plugin/container/host_layers.h"
#include "spank/plugin/container/image.h"

/* All images of a step while its container is built: that of the root, and
 * further ones. */
struct step_images {
	struct further_images further; /* what the settings say of them */
	struct image_request requests[CONTAINER_IMAGES_MAX]; /* [0]: the root */
	int kept_fds[CONTAINER_IMAGES_MAX]; /* owned: copies of their mounts */
};

/* The settings must outlive *ret_images. */
void step_images_open(struct step_images *ret_images,
	const struct settings *settings);

/*
 * Open the image of the root and the files that are layers over it, then the
 * further images, and have their servers check them.  What the environment
 * says about the root's image is added to `vars`, see container_vars.h.  The
 * sockets to the servers of further images, in their requests, become the
 * caller's.
 *
 * `layers` are the directories at the end of the list of layers, which no
 * server gets.  `is_writable`: a writable layer will lie over the root.  Needs
 * no capability, and none must be effective.
 */
int step_images_send(struct step_images *images,
	const struct container_request *request,
	const struct host_layers *layers, bool is_writable, char **vars,
	struct report *report, struct error *err);

/*
 * Mount the image of the root, or with mount=host, where the keeper has mounted
 * it (see spank/keeper), clone that mount.  Returns the detached mount, owned
 * by the caller, whose mount namespace is `own_namespace_fd`.  Requires
 * CAP_SYS_ADMIN.
 */
int step_images_mount_root(const struct step_images *images,
	const struct plan_request *plan, int own_namespace_fd,
	struct report *report, struct error *err);

/* Mount the further images, and add them to `binds`.  Requires CAP_SYS_ADMIN.
 */
int step_images_mount_further(const struct step_images *images,
	struct binds *binds, struct error *err);

/*
 * Let go of the mounts.  `is_built`: the container has them; otherwise their
 * connections are withdrawn first, since the kernel may reuse the number of a
 * connection as soon as nothing holds its mount.
 */
void step_images_close(struct step_images *images, bool is_built);

#endif
