/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_MOUNT_H
#define COMMON_PRIVILEGED_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

/*
 * Mounts as descriptors, after the mount API of Linux 5.2 (fsopen(2),
 * open_tree(2), move_mount(2)).  Each returned descriptor is owned by the
 * caller, and refers to a mount that is detached until it is attached: closing
 * it before that leaves nothing.  Unless it says otherwise a function requires
 * CAP_SYS_ADMIN.  All paths are resolved with the user's ids.
 */

/*
 * Does this kernel have the calls that the plugin and the server are made of?
 * mount_setattr(2) is the last that came, with 5.12; the oldest kernel that is
 * supported is 5.14.  Needs no privilege.
 */
int priv_mount_check(struct error *err);

/*
 * Mount the FUSE connection `fuse_fd`, of which no other process may have a
 * copy yet: nosuid, nodev, for the user and group alone (no allow_other, so
 * that the kernel refuses root's access and no root process can be made to
 * wait for the server).  `source` is what df and findmnt show.
 */
int priv_mount_fuse(int fuse_fd, uid_t uid, gid_t gid, const char *source,
	struct error *err);

/*
 * A new tmpfs of at most `bytes`, in not more files than that has pages, whose
 * root has the permissions `mode`; nosuid, nodev, and noexec unless asked.  It
 * belongs to the caller's ids.
 */
int priv_mount_tmpfs(uint64_t bytes, const char *mode, bool executable,
	struct error *err);

/*
 * A writable view of the directory `lower`, whose changes go to `upper`, with
 * the empty directory `work` in the same file system: an overlay, nosuid,
 * nodev.  All three are absolute paths of the caller's own.  `in_userns`: the
 * caller's capabilities are those of a user namespace.
 */
int priv_mount_overlay(const char *lower, const char *upper, const char *work,
	bool in_userns, struct error *err);

/* How priv_mount_clone() clones. */
enum {
	PRIV_MOUNT_READ_ONLY = 1 << 0,
	/* What the host mounts and unmounts below later does not reach it. */
	PRIV_MOUNT_PRIVATE = 1 << 1,
	/* A symlink at the end of the path fails (ELOOP). */
	PRIV_MOUNT_NO_LINK = 1 << 2,
};

/*
 * Clone what is mounted at `path` (relative to `dir`) and all below it,
 * nosuid throughout; `how` is 0 or some of the above.
 */
int priv_mount_clone(int dir, const char *path, int how, struct error *err);

/*
 * Clone the mount whose root is at `path`, and none of those below it: nosuid
 * and nodev.  What is mounted on the clone, or unmounted on the original, does
 * not reach the other.
 */
int priv_mount_clone_single(const char *path, struct error *err);

/* Attach a detached mount over the directory or file that `target_fd` is.
 */
int priv_mount_attach(int mount_fd, int target_fd, struct error *err);

/* Make a mount, without those below it, read-only. */
int priv_mount_seal(int mount_fd, struct error *err);

#endif
