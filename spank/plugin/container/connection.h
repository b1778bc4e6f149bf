/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_CONNECTION_H
#define SPANK_PLUGIN_CONTAINER_CONNECTION_H

#include <stdint.h>
#include <sys/types.h>

/* The kernel's number of a FUSE connection, and the task that has mounted it.
 * The kernel reuses the number once nobody has the connection any more.  Tasks
 * store both in one piece and slurmstepd loads them.  Without the alignment,
 * clang would call libatomic for that, which slurmstepd has not loaded. */
struct connection {
	_Alignas(8) uint32_t number; /* 0: not mounted yet */
	pid_t builder;
};

_Static_assert(__atomic_always_lock_free(sizeof(struct connection), 0),
	"a connection is stored in one piece");

#endif
