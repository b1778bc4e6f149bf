/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_MOUNTS_H
#define SPANK_PLUGIN_CONTAINER_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/*
 * The mounts of a namespace as the kernel lists them, by their ids only: users
 * can change the names in the list.  Needs no privilege.
 */
struct mount_entry {
	uint64_t id;
	uint64_t parent;
};

struct mounts {
	struct mount_entry *list; /* owned */
	size_t count;
};

/*
 * Open the list of this process's namespace, while /proc is visible.  Returns a
 * descriptor, owned by the caller, which always refers to that namespace; it
 * can be loaded repeatedly.
 */
int mounts_open(struct error *err);

/* Load the current list.  The caller calls mounts_free(). */
int mounts_load(int fd, struct mounts *ret_mounts, struct error *err);

/* Is the mount `id` the mount `top`, or attached below it at any depth? */
bool mounts_is_below(const struct mounts *mounts, uint64_t id, uint64_t top);

void mounts_free(struct mounts *mounts);

/* The id of the mount that `fd` is in; 0 if the kernel does not tell. */
uint64_t mounts_id_of(int fd);

#endif
