/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_FUSE_ABORT_H
#define COMMON_PRIVILEGED_FUSE_ABORT_H

#include <stdint.h>
#include <sys/types.h>

/*
 * The number of the FUSE connection behind the mount `mount_fd`, as in
 * /sys/fs/fuse/connections; 0 if it is unknown.  Never waits for the server.
 * Needs no privilege.
 */
uint32_t priv_fuse_connection_id(int mount_fd);

/*
 * Open connection `connection` for priv_fuse_abort().  Returns a descriptor,
 * owned by the caller; -1 unless the connection belongs to user `uid`.  The
 * kernel checks that, so a wrong number cannot harm other users.  Numbers are
 * reused, but the descriptor refers to this connection only, and has no effect
 * after its end.  Requires uid 0 and CAP_SYS_ADMIN.
 */
int priv_fuse_abort_open(uint32_t connection, uid_t uid);

/* Abort the connection: every request that waits for the server fails. */
void priv_fuse_abort(int abort_fd);

#endif
