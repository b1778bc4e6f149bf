/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONTAINER_H
#define SPANK_PLUGIN_CONTAINER_CONTAINER_H

#include "common/deadline.h"
#include "common/error.h"
#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/io/report.h"

/* Images of a step: its root, and further ones of --sif-mount. */
#define CONTAINER_IMAGES_MAX 9

/* What the first task of a step builds the container from; all borrowed. */
struct container_request {
	struct plan_request plan; /* but for `node_conf`; `home` may be $HOME */
	int server; /* socket to the root's image server, which has said BUILD
		     */
	const int *tasks_fds; /* HELLO sockets of all image servers, root's
				 first */
	int *fuse_fds;        /* an open /dev/fuse for each, given away */
	struct deadline deadline;
};

/* What came of it. */
struct container {
	int namespace_fd;                    /* owned */
	int image_fds[CONTAINER_IMAGES_MAX]; /* to the further servers; owned */
	char *vars[CONTAINER_VARS_MAX +
		   1]; /* for the environment, see container_vars.h */
};

/*
 * Build the step's container and become its first member: afterwards '/' is
 * the image.  Called with the user's ids, capabilities kept but not effective
 * (priv_caps_keep); leaves them raised.  On failure the process is unfit for
 * anything but to say why.
 */
int container_build(const struct container_request *request,
	struct container *ret_container, struct report *report,
	struct error *err);

/* Tell all servers that the container is complete. */
int container_announce(const struct container_request *request,
	const struct container *container, struct error *err);

/*
 * Free what container_build() has stored, except for the sockets to the
 * servers: execve closes them, which tells that this task has started.
 */
void container_free(struct container *container);

#endif
