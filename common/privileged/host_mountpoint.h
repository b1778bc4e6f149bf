/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_HOST_MOUNTPOINT_H
#define COMMON_PRIVILEGED_HOST_MOUNTPOINT_H

#include <stdint.h>

#include "common/error.h"
#include "common/identity.h"

/*
 * mount=host: where the image of a step is mounted on the host,
 *
 *	/run/spank-sif/JOB.STEP.PID/image
 *
 * All but the last is root's, so that its names are root's alone to give and
 * to take; the last is the user's, as fusermount3 wants it, for as long as
 * nothing is mounted there.  Nobody but the user's group can get to it, and
 * FUSE lets the user in only.
 *
 * slurmstepd holds a lock (flock) of JOB.STEP.PID while it lives.  That alone
 * tells a mountpoint in use from one that was left, not its name or age.
 *
 * All of these require uid 0, and none waits for a FUSE server.
 */
struct host_mountpoint {
	int lock_fd;  /* owned: the directory JOB.STEP.PID; -1: there is none */
	int point_fd; /* owned: the mount point, below what is mounted on it */
	char path[96]; /* of the mount point */
};

#define HOST_MOUNTPOINT_NONE                  \
	{                                     \
		.lock_fd = -1, .point_fd = -1 \
	}

int priv_host_mountpoint_make(uint32_t job, uint32_t step,
	const struct identity *identity, struct host_mountpoint *ret_mountpoint,
	struct error *err);

/*
 * Take the mount point away from the user once something is mounted on it, so
 * that he does not fill root's file system when it is no more.  Waits 0.2 s at
 * most for that: a user who stops his keeper for so long has the directory
 * until the end of the step, see SECURITY.md.
 */
void priv_host_mountpoint_seal(const struct host_mountpoint *mountpoint);

/*
 * Unmount what is mounted there, and remove the directories; waits 1 s at most
 * for a fusermount3 that is about to mount.  On failure the mountpoint stays
 * locked, for another try.
 */
int priv_host_mountpoint_remove(struct host_mountpoint *mountpoint,
	struct error *err);

/*
 * Clear the places of which nobody holds the lock.  Never fails: what it
 * cannot clear is left to the next time.
 */
void priv_host_mountpoint_sweep(void);

#endif
