/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_H
#define SPANK_PLUGIN_CONTAINER_H

#include "common/deadline.h"
#include "common/error.h"

/* What the first task of a step builds the container from; all borrowed. */
struct container_request {
	const char *image;     /* path, relative to the working directory */
	const char *directory; /* absolute working directory; "" if none */
	const char *home;      /* $HOME, for a user without an entry; or NULL */
	int server;   /* socket to the image server, which has said BUILD */
	int *fuse_fd; /* open /dev/fuse, given away */
	struct deadline deadline;
};

/*
 * Build the step's container and become its first member: afterwards '/' is
 * the image.  Called with the user's ids, capabilities kept but not effective
 * (priv_caps_keep); leaves them raised.  On failure the process is unfit for
 * anything but to say why.
 */
int container_build(const struct container_request *request, struct error *err);

#endif
