/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_MOUNT_H
#define COMMON_PRIVILEGED_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * Mounts as descriptors, with the mount API of Linux 5.2 (fsopen(2),
 * open_tree(2), move_mount(2)).  Each returned descriptor is owned by the
 * caller and refers to a detached mount.  If it is closed before the mount is
 * attached, the mount is gone.  Unless stated otherwise a function requires
 * CAP_SYS_ADMIN.  All paths are resolved with the user's ids.
 */

/*
 * Check that this kernel has the system calls that the plugin and the server
 * need.  mount_setattr(2) is the newest of them, from Linux 5.12; the oldest
 * kernel that is supported is 5.14.  Needs no privilege.
 */
int priv_mount_check(struct error *err);

/*
 * Mount the FUSE connection `fuse_fd`: nosuid, nodev, for this user and group
 * only.  Without allow_other the kernel refuses access to root, so no process
 * of root ever waits for the server.  No other process may have a copy of
 * `fuse_fd` yet.  `type` is that of the root: S_IFDIR or S_IFREG.  `source` is
 * what df and findmnt display.
 */
int priv_mount_fuse(int fuse_fd, mode_t type, uid_t uid, gid_t gid,
	const char *source, struct error *err);

/*
 * Create a tmpfs of at most `bytes`, with at most one file for each 4 KiB.  Its
 * root has the permissions `mode` (octal) and belongs to the caller's ids.
 * nosuid, nodev, and noexec unless `executable`.
 */
int priv_mount_tmpfs(uint64_t bytes, const char *mode, bool executable,
	struct error *err);

/* Flags of priv_mount_overlay(). */
enum {
	/* Keep its records in user.* attributes, as the owner of a user
	 * namespace can; otherwise trusted.*, which only root can. */
	PRIV_OVERLAY_USER_XATTRS = 1 << 0,
	/* Fail with EBUSY if another overlay of this kernel writes to `upper`
	 * or uses `work`. */
	PRIV_OVERLAY_EXCLUSIVE = 1 << 1,
};

/*
 * Create an overlay of the directories `lower`, separated by colons and the
 * uppermost first, whose changes go to `upper`.  `work` is a directory of the
 * overlay's own in the same mount as `upper`.  Without these, which may be
 * NULL, it is read-only.  nosuid, nodev.  All are names that the caller, not
 * the user, has chosen.  The overlay accesses its layers with the caller's ids
 * and effective capabilities of this moment.
 */
int priv_mount_overlay(const char *lower, const char *upper, const char *work,
	int how, struct error *err);

/* Flags of priv_mount_clone(). */
enum {
	PRIV_MOUNT_READ_ONLY = 1 << 0,
	/* Later mounts and unmounts on the host do not propagate to it. */
	PRIV_MOUNT_PRIVATE = 1 << 1,
	/* Fail with ELOOP if the last component of the path is a symlink. */
	PRIV_MOUNT_NO_LINK = 1 << 2,
};

/*
 * Clone the tree of mounts at `path` (relative to `dir`); all of them become
 * nosuid.  `how` is a set of the flags above.
 */
int priv_mount_clone(int dir, const char *path, int how, struct error *err);

/*
 * Clone the mount whose root is at `path`, without the mounts below it; nosuid,
 * nodev and private: mounts and unmounts do not propagate in either direction.
 */
int priv_mount_clone_single(const char *path, struct error *err);

/*
 * The same for a mount in another mount namespace.  Enters `namespace_fd`, and
 * returns to `own_fd`, whose root is the root and working directory afterwards.
 * Requires CAP_SYS_CHROOT, too, and a single thread.
 */
int priv_mount_clone_elsewhere(int namespace_fd, int own_fd, const char *path,
	struct error *err);

/* Attach a detached mount on the directory or file `target_fd`. */
int priv_mount_attach(int mount_fd, int target_fd, struct error *err);

/* Make a mount, but not the mounts below it, read-only. */
int priv_mount_seal(int mount_fd, struct error *err);

#endif
