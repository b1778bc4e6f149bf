/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_OVERLAY_H
#define COMMON_PRIVILEGED_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/error.h"

/* A directory of the host that is a layer. */
struct priv_layer {
	const char *path; /* absolute */
	const char *name; /* of the layer in it; NULL: the directory itself */
	/* What `path` was when the caller looked.  The user may put another
	 * directory there at any time. */
	uint64_t device;
	uint64_t number;
};

struct priv_overlay {
	/* Whose capabilities it works with; -1: already in it. */
	int userns_fd;
	int proc_fd;                     /* the host's /proc */
	const char *image;               /* the lowest layer: a path of ours */
	const struct priv_layer *layers; /* from the bottom to the top */
	size_t count;
	/* The topmost is not read-only: "upper" and "work" in its `path`. */
	bool is_writable;
};

/*
 * Mount an overlay of directories of the host over an image, in a child
 * process.  The child, and later the overlay, can do with the directories what
 * the user can do, also in a user namespace that they create: access their own
 * files, whatever the modes.  Returns the detached mount, owned by the caller.
 * EBUSY: another overlay of this kernel writes to the topmost layer.
 *
 * Requires CAP_SYS_ADMIN in the mount namespace of the caller, which must not
 * have threads.
 */
int priv_overlay_mount(const struct priv_overlay *overlay,
	struct deadline deadline, struct error *err);

#endif
