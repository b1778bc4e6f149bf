/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_NAMESPACE_H
#define COMMON_PRIVILEGED_NAMESPACE_H

#include "common/error.h"

/*
 * Leave the mount namespace for a copy of it, from which no mount ever
 * propagates back; what the host mounts and unmounts later still arrives, so
 * that the container never keeps a host file system busy.  Requires
 * CAP_SYS_ADMIN.  Returns a descriptor of the new namespace, owned by the
 * caller.
 */
int priv_namespace_unshare(struct error *err);

/*
 * Does the mount namespace belong to this process's user namespace?  One that
 * a user has made in a user namespace of his own is refused: there he may have
 * laid his own files under setuid programs.  Needs no privilege.
 */
int priv_namespace_check(int namespace_fd, struct error *err);

/*
 * Enter a mount namespace, which is checked as above; root and working
 * directory become its root. Requires CAP_SYS_ADMIN and CAP_SYS_CHROOT, and a
 * single thread.
 */
int priv_namespace_enter(int namespace_fd, struct error *err);

/*
 * Make the mount at `path` the root of the namespace and of this process, and
 * detach the old root.  No path is resolved in the new root, so that this
 * cannot wait for a FUSE server.  Requires CAP_SYS_ADMIN.
 */
int priv_namespace_pivot(const char *path, struct error *err);

#endif
