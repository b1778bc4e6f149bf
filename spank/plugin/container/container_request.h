/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONTAINER_REQUEST_H
#define SPANK_PLUGIN_CONTAINER_CONTAINER_REQUEST_H

#include "common/deadline.h"
#include "spank/plugin/container/bind_plan.h"

/* The images of a step: its root, and further ones (--sif-mount, and binds with
 * image-src=). */
#define CONTAINER_IMAGES_MAX 9

/* The input of container_build(); all borrowed. */
struct container_request {
	struct plan_request plan; /* without node_conf; home may be $HOME */
	int server;               /* the root's server, which sent BUILD */
	const int *tasks_fds;     /* HELLO sockets of all servers, root first */
	int *fuse_fds;            /* an open /dev/fuse for each, given away */
	struct deadline deadline;
};

#endif
