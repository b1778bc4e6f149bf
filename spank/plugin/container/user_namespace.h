/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_USER_NAMESPACE_H
#define SPANK_PLUGIN_CONTAINER_USER_NAMESPACE_H

#include "common/deadline.h"
#include "common/error.h"

/*
 * privilege=userns: make a user namespace with the help of spank-sif-userns,
 * and enter it.  The task then has all capabilities in it, and as before none
 * on the host.  Called by the first task, with the user's ids and no
 * capability.
 */
int user_namespace_enter_new(struct deadline deadline, struct error *err);

/*
 * Open the FUSE device in it for each of `count` images: the kernel wants the
 * device opened in the user namespace of who mounts.  Stores the descriptors,
 * owned by the caller.
 */
int user_namespace_open_fuse(int *ret_fds, size_t count, struct error *err);

#endif
