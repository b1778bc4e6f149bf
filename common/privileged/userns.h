/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_USERNS_H
#define COMMON_PRIVILEGED_USERNS_H

#include "common/error.h"

/*
 * User namespaces, for privilege=userns: no right of the host is needed for
 * any of these, nor is one used if it is there.
 */

/*
 * Leave for a new user namespace, in which the caller's uid and gid are
 * themselves, no other is known, and groups cannot be changed.  For a program
 * that has just been executed by the user: one that changed its ids since is
 * not dumpable, and cannot write its own maps.  Returns the namespace, owned by
 * the caller.
 */
int priv_userns_make(struct error *err);

/*
 * The user namespace that a namespace belongs to, owned by the caller.  The
 * descriptor may be of anything: what is no namespace is refused, and not
 * asked. Needs no privilege.
 */
int priv_userns_owner(int namespace_fd, struct error *err);

/*
 * Enter a user namespace that a process of the same user has made.  All
 * capabilities are effective afterwards, in that namespace alone.  Requires a
 * single thread.
 */
int priv_userns_enter(int namespace_fd, struct error *err);

/* The same, with the user namespace that a mount namespace belongs to. */
int priv_userns_enter_owner(int mount_namespace_fd, struct error *err);

#endif
