/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_BIND_H
#define SPANK_PLUGIN_CONTAINER_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How a bind is made; flags of struct bind. */
enum {
	BIND_READ_ONLY = 1 << 0,
	/* What is not there, or not in reach, is left out without a word. */
	BIND_OPTIONAL = 1 << 1,
	/* A symlink at the destination is replaced, not followed. */
	BIND_REPLACE = 1 << 2,
	/* Only where the image has nothing of that name. */
	BIND_IF_MISSING = 1 << 3,
	/* Only where the image has the directory that it belongs in. */
	BIND_IF_PARENT = 1 << 4,
	/* No user can leave it out. */
	BIND_FIXED = 1 << 5,
	/* Nothing of the host: an empty directory in memory, see step_memory.c.
	 */
	BIND_EMPTY = 1 << 6,
	/* Nothing of the host: its mount comes by binds_set_mount(). */
	BIND_SET_LATER = 1 << 7,
	/* Of an empty one: with the permissions of /tmp. */
	BIND_PUBLIC = 1 << 8,
	/* Asked for by the user, whom an error tells where. */
	BIND_USER = 1 << 9,
	/* Fixed, and what a user has asked for does not lie in it either. */
	BIND_EXCLUSIVE = 1 << 10,
	/* Not if it is a symlink; those on the way are followed. */
	BIND_NO_LINK = 1 << 11,
	/* What the host mounts in it later does not show. */
	BIND_PRIVATE = 1 << 12,
};

/* One file or directory of the host that shows in the container. */
struct bind {
	char *source;       /* owned; as the user's process sees it */
	char *target;       /* owned; a path in the image */
	const char *origin; /* a word for who wants it, such as "site" */
	int flags;
	int mount_fd; /* owned: the detached mount; -1 if left out */
	int point_fd; /* owned: where it will lie, until it does; or -1 */
	bool is_directory;
	uid_t point_uid;   /* whose the place was that it lies on */
	uint64_t mount_id; /* once attached, if it is fixed or a user's; or 0 */
};

/* At first BINDS_NONE.  To be freed by binds_free(). */
struct binds {
	struct bind *list;
	size_t count;
	bool lacks_memory;   /* one could not be added: binds_clone() fails */
	int mounts_fd;       /* owned: the namespace's list, see mounts.h */
	int followers;       /* cloned ones of the user's */
	size_t users_mounts; /* that those have brought */
};
#define BINDS_NONE ((struct binds){ .mounts_fd = -1 })

#endif
