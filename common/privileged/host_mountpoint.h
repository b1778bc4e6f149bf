/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_HOST_MOUNTPOINT_H
#define COMMON_PRIVILEGED_HOST_MOUNTPOINT_H

#include <stdint.h>

#include "common/error.h"
#include "common/identity.h"

/*
 * The mount point for the image of a step with mount=host:
 *
 *	/run/spank-sif/JOB.STEP.PID/image
 *
 * Root owns all directories but the last, so only root can create and remove
 * their entries.  The last belongs to the user until the image is mounted, as
 * fusermount3 requires.  Only members of the user's group can reach it, and
 * FUSE admits only the user.
 *
 * slurmstepd holds a lock (flock) on JOB.STEP.PID as long as it lives.  Only
 * the lock tells whether a mount point is in use, not its name or age.
 *
 * All functions require uid 0.  None waits for a FUSE server.
 */
struct host_mountpoint {
	int lock_fd;   /* owned: the directory JOB.STEP.PID; -1: none */
	int point_fd;  /* owned: the directory below the mount */
	char path[96]; /* of the mount point */
};

#define HOST_MOUNTPOINT_NONE                  \
	{                                     \
		.lock_fd = -1, .point_fd = -1 \
	}

/*
 * Create the directories, and lock them.  *ret_mountpoint may be set after a
 * failure, too: always call priv_host_mountpoint_remove().
 */
int priv_host_mountpoint_make(uint32_t job, uint32_t step,
	const struct identity *identity, struct host_mountpoint *ret_mountpoint,
	struct error *err);

/*
 * Make root the owner of the mount point once something is mounted on it, so
 * that the user cannot fill root's file system after an unmount.  Waits at most
 * 0.2 s for the mount: a user who stops their keeper for longer keeps the
 * directory until the end of the step, see SECURITY.md.
 */
void priv_host_mountpoint_seal(const struct host_mountpoint *mountpoint);

/*
 * Unmount all that is mounted there, and remove the directories.  Waits at most
 * 1 s for a fusermount3 that is about to mount.  After a failure it stays
 * locked, and the caller can try again.
 */
int priv_host_mountpoint_remove(struct host_mountpoint *mountpoint,
	struct error *err);

/*
 * Remove all mount points whose lock nobody holds.  Never fails: what cannot be
 * removed is left to the next sweep.
 */
void priv_host_mountpoint_sweep(void);

#endif
