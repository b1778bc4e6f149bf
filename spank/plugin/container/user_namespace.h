/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_USER_NAMESPACE_H
#define SPANK_PLUGIN_CONTAINER_USER_NAMESPACE_H

#include "common/deadline.h"
#include "common/error.h"

/*
 * Have spank-sif-userns create a user namespace for the user.  Returns it,
 * owned by the caller.  Called with the user's ids and no capability.
 */
int user_namespace_make(struct deadline deadline, struct error *err);

/*
 * privilege=userns: have spank-sif-userns create a user namespace, and enter
 * it.  The task then has all capabilities in it, and still none on the host.
 * Called by the first task, with the user's ids and no capability.
 */
int user_namespace_enter_new(struct deadline deadline, struct error *err);

/*
 * Open the FUSE device for each of `count` images, in the user namespace: the
 * kernel requires that the mounter opens it in its own user namespace.  The
 * caller owns the descriptors.
 */
int user_namespace_open_fuse(int *ret_fds, size_t count, struct error *err);

#endif
