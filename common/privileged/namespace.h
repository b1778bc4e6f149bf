/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_NAMESPACE_H
#define COMMON_PRIVILEGED_NAMESPACE_H

#include "common/error.h"

/*
 * Move into a copy of the mount namespace.  No mount propagates from it to the
 * host, but later mounts and unmounts of the host propagate to it, so that the
 * container never keeps a host file system busy.  Requires CAP_SYS_ADMIN.
 * Returns a descriptor of the new namespace, owned by the caller.
 */
int priv_namespace_unshare(struct error *err);

/*
 * Check that the mount namespace belongs to this process's user namespace.  If
 * a user created it in a user namespace of their own, they may have placed
 * their files where setuid programs look.  Needs no privilege.
 */
int priv_namespace_check(int namespace_fd, struct error *err);

/*
 * Enter a mount namespace, after the check above.  The process's root and
 * working directory become its root.  Requires CAP_SYS_ADMIN, CAP_SYS_CHROOT
 * and a single thread.
 */
int priv_namespace_enter(int namespace_fd, struct error *err);

/*
 * Make the mount at `path` the root of the namespace and of this process, and
 * detach the old root.  Resolves no path in the new root, so it cannot wait for
 * a FUSE server.  Requires CAP_SYS_ADMIN.
 */
int priv_namespace_pivot(const char *path, struct error *err);

#endif
