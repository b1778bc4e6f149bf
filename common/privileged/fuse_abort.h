/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_FUSE_ABORT_H
#define COMMON_PRIVILEGED_FUSE_ABORT_H

#include <stdint.h>
#include <sys/types.h>

/*
 * The number of the FUSE connection that is mounted at `mount_fd`, as
 * /sys/fs/fuse/connections has it; 0 if it cannot be told.  Asks nothing of
 * the server; needs no right.
 */
uint32_t priv_fuse_connection_id(int mount_fd);

/*
 * A descriptor for priv_fuse_abort() of connection `connection`, owned by the
 * caller; -1 if there is none that belongs to user `uid`: the kernel checks, so
 * that a wrong number does no harm to others.  Numbers are used again, but the
 * descriptor stays with the connection, and has no effect once that has ended.
 * Requires uid 0 and CAP_SYS_ADMIN.
 */
int priv_fuse_abort_open(uint32_t connection, uid_t uid);

/* End the connection: whoever waits for its server waits no more. */
void priv_fuse_abort(int abort_fd);

#endif
