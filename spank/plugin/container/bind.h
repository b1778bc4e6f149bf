/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_BIND_H
#define SPANK_PLUGIN_CONTAINER_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Flags of a bind. */
enum {
	BIND_READ_ONLY = 1 << 0,
	/* If the source is missing or unreachable, the bind is left out. */
	BIND_OPTIONAL = 1 << 1,
	/* Replace a symlink at the target instead of following it. */
	BIND_REPLACE = 1 << 2,
	/* Only if the image has nothing at the target. */
	BIND_IF_MISSING = 1 << 3,
	/* Only if the image has the directory of the target. */
	BIND_IF_PARENT = 1 << 4,
	/* Users cannot leave it out. */
	BIND_FIXED = 1 << 5,
	/* Nothing of the host: an empty directory in memory, see step_memory.c.
	 */
	BIND_EMPTY = 1 << 6,
	/* Nothing of the host: binds_set_mount() sets the mount later. */
	BIND_SET_LATER = 1 << 7,
	/* With BIND_EMPTY: the directory has the permissions of /tmp. */
	BIND_PUBLIC = 1 << 8,
	/* A user has asked for it; an error says where. */
	BIND_USER = 1 << 9,
	/* Fixed, and no user's bind can lie in it. */
	BIND_EXCLUSIVE = 1 << 10,
	/* The source must not be a symlink; those above it are followed. */
	BIND_NO_LINK = 1 << 11,
	/* It does not receive what the host mounts below the source later. */
	BIND_PRIVATE = 1 << 12,
};

/* A file or directory of the host that shows in the container. */
struct bind {
	char *source;       /* owned; as the user's process sees it */
	char *target;       /* owned; a path in the image */
	const char *origin; /* who asks for it, for messages, such as "site" */
	int flags;
	int mount_fd; /* owned: the detached mount; -1: left out, or attached */
	int point_fd; /* owned: the mount point, until it is attached; or -1 */
	bool is_directory;
	uid_t point_uid;   /* owner of the mount point */
	uint64_t mount_id; /* once attached, if it is fixed or a user's; or 0 */
};

/* Begins as BINDS_NONE.  To be freed by binds_free(). */
struct binds {
	struct bind *list;
	size_t count;
	bool lacks_memory;   /* a bind could not be added */
	int mounts_fd;       /* owned: the namespace's list, see mounts.h */
	int followers;       /* cloned binds of the user that are not private */
	size_t users_mounts; /* mounts that the user's binds have brought */
};
#define BINDS_NONE ((struct binds){ .mounts_fd = -1 })

#endif
