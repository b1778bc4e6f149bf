/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_BINDS_H
#define SPANK_PLUGIN_BINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

/* How a bind is made; flags of struct bind. */
enum {
	BIND_READ_ONLY = 1 << 0,
	/* What is not there, or not in reach, is left out without a word. */
	BIND_OPTIONAL = 1 << 1,
	/* A symlink at the destination is replaced, not followed. */
	BIND_REPLACE = 1 << 2,
	/* Only where the image has nothing of that name. */
	BIND_IF_MISSING = 1 << 3,
};

/* One file or directory of the host that shows in the container. */
struct bind {
	const char *source; /* borrowed; as the user's process sees it */
	const char *target; /* borrowed; a path in the image */
	int flags;
	int mount_fd; /* owned: the detached clone; -1 if left out */
	bool is_directory;
};

#define BINDS_MAX 16

struct binds {
	struct bind list[BINDS_MAX];
	size_t count;
};

/* Add one to the list.  All strings must outlive the binds. */
void binds_add(struct binds *binds, const char *source, const char *target,
	int flags);

/* Add a mount that exists already; *mount_fd is given away. */
void binds_add_mount(struct binds *binds, int *mount_fd, const char *target,
	int flags);

/* Is `path` in one of the bound directories, under the same name? */
bool binds_cover(const struct binds *binds, const char *path);

/*
 * The three steps, each over the whole list, so that no mount point is made
 * in a directory of the host.  They require CAP_SYS_ADMIN and the user's ids;
 * `root_fd` is the root of the image.  An optional bind that fails is left
 * out; any other fails the step.
 */
int binds_clone(struct binds *binds, struct error *err);
int binds_make_points(struct binds *binds, int root_fd, struct error *err);
int binds_attach(struct binds *binds, int root_fd, struct error *err);

/* Close what has not been given away. */
void binds_close(struct binds *binds);

#endif
