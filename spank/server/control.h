/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_CONTROL_H
#define SPANK_SERVER_CONTROL_H

#include "common/error.h"
#include "spank/server/fs.h"

/*
 * Lead the tasks of a step into their container: until all of them have
 * started, or ended, answer what they say (common/message.h) and serve the
 * file system meanwhile.  `hello_fd` is given away, and so
 * is `keeper_fd`: the keeper that mounts on the host (mount=host), or -1; its
 * end of file tells the keeper that all have started.  No more than `tasks`
 * will say HELLO on it.  The process is ended by SIGALRM if a container is not
 * complete `timeout_s` + 1 seconds after its first task was told to build it:
 * this also ends a read that hangs, and closes the descriptors that the tasks
 * wait on.  `rings`, or NULL, are given away, too: to the first file system.
 *
 * Stores the file system in *ret_fs, owned by the caller; NULL if there is
 * none left to serve, because no container was built or it is gone already.
 */
int control_run(int hello_fd, int keeper_fd, struct fs_rings *rings, long tasks,
	int timeout_s, struct fs **ret_fs, struct error *err);

/*
 * Tell all tasks that there is no container, and the first of them why.
 * `hello_fd` is given away.  Returns when no task is left.
 */
int control_refuse(int hello_fd, const char *reason, struct error *err);

#endif
