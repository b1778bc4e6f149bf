/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_HOST_MOUNT_H
#define SPANK_PLUGIN_HOST_MOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/child.h"
#include "common/error.h"
#include "common/identity.h"
#include "common/privileged/host_mountpoint.h"

/* slurmstepd's side of mount=host: the mount point, and the keeper. */
struct host_mount {
	struct host_mountpoint mountpoint;
	struct child child;   /* pid 0: not started, or ended */
	int namespace_fd;     /* where it is: slurmstepd's mount namespace */
	int lifeline_fd;      /* closed to end the keeper */
	int reason_fd;        /* why the keeper could not unmount */
	struct error failure; /* of the keeper, until host_mount_failure() */
};

#define HOST_MOUNT_NONE                                                        \
	{                                                                      \
		.mountpoint = HOST_MOUNTPOINT_NONE, .child = { .pid_fd = -1 }, \
		.namespace_fd = -1, .lifeline_fd = -1, .reason_fd = -1         \
	}

/*
 * Make the mount point, and start the keeper as `identity`.  The keeper mounts
 * the image there and tells the server, which has the other end of `server_fd`.
 * Does not wait for the keeper.  Requires uid 0.
 */
int host_mount_start(struct host_mount *mount, uint32_t job, uint32_t step,
	const struct identity *identity, int server_fd, int timeout_s,
	struct error *err);

/* After the tasks have been forked: charge the keeper to them, and take the
 * mount point away from the user. */
void host_mount_tasks_forked(struct host_mount *mount, pid_t task);

/*
 * Make sure that nothing is left on the host.  The keeper has a moment to
 * unmount and end, and is killed then; root removes what is left.  Fails if
 * root cannot.
 */
int host_mount_stop(struct host_mount *mount, struct error *err);

/*
 * Has the keeper failed to unmount?  If so, fails once with a sentence for the
 * log of slurmd.  The host is clear, and users cannot do anything about it.
 */
int host_mount_failure(struct host_mount *mount, struct error *err);

#endif
