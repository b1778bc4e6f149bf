/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FS_DESCRIPTOR_H
#define SPANK_SERVER_FS_DESCRIPTOR_H

#include <stdbool.h>

struct fuse_session;

/*
 * Let the session read requests from `fd`, a /dev/fuse that is mounted
 * already, and answer there.  On success the session owns it.  0, or not.
 */
int fs_descriptor_use(struct fuse_session *session, int fd);

/*
 * Whether reading waits for a request.  Between poll and read one may vanish,
 * with a task that is killed: a control loop must not wait for the next one.
 * -1 with errno on failure.
 */
int fs_descriptor_set_blocking(int fd, bool blocking);

#endif
