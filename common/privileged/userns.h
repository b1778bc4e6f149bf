/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_USERNS_H
#define COMMON_PRIVILEGED_USERNS_H

#include "common/error.h"

/*
 * User namespaces, for privilege=userns.  No function here needs privileges on
 * the host, or uses them.
 */

/*
 * Move into a new user namespace.  It maps the caller's uid and gid to
 * themselves and no others, and denies setgroups(2).  The caller must not have
 * changed its ids since execve(2): it would be non-dumpable, and could not
 * write its own maps.  Returns a descriptor of the namespace, owned by the
 * caller.
 */
int priv_userns_make(struct error *err);

/*
 * Open the user namespace that owns a namespace.  Returns a descriptor, owned
 * by the caller.  `namespace_fd` is untrusted: anything but a namespace is
 * refused, without a request to its driver or server.  Needs no privilege.
 */
int priv_userns_owner(int namespace_fd, struct error *err);

/*
 * Enter a user namespace that a process of the same user has created.  All
 * capabilities are effective afterwards, in that namespace only.  Requires a
 * single thread.
 */
int priv_userns_enter(int namespace_fd, struct error *err);

/* The same, for the user namespace that owns a mount namespace. */
int priv_userns_enter_owner(int mount_namespace_fd, struct error *err);

#endif
