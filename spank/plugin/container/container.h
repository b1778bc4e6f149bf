/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONTAINER_H
#define SPANK_PLUGIN_CONTAINER_CONTAINER_H

#include "common/error.h"
#include "spank/plugin/container/container_request.h"
#include "spank/plugin/container/container_vars.h"
#include "spank/plugin/io/report.h"

/* The result. */
struct container {
	int namespace_fd;                    /* owned */
	int image_fds[CONTAINER_IMAGES_MAX]; /* to the further servers; owned */
	/* For the environment, see container_vars.h. */
	char *vars[CONTAINER_VARS_MAX + 1];
};

/*
 * Build the step's container and enter it: afterwards '/' is the image.  Called
 * with the user's ids, and capabilities kept but not effective
 * (priv_caps_keep); leaves them raised.  After a failure the process must only
 * report the error and exit.
 */
int container_build(const struct container_request *request,
	struct container *ret_container, struct report *report,
	struct error *err);

/* Tell all servers that the container is complete. */
int container_announce(const struct container_request *request,
	const struct container *container, struct error *err);

/*
 * Free what container_build() has stored, except for the sockets to the
 * servers: execve closes them, which tells the servers that this task has
 * started.
 */
void container_free(struct container *container);

#endif
