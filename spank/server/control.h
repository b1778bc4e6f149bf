/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_CONTROL_H
#define SPANK_SERVER_CONTROL_H

#include "common/error.h"
#include "spank/server/fuse/session.h"
#include "spank/server/supervisor.h"

/* What the server waits longer than the builder, who knows more and so is the
 * first to say that time is up. */
#define CONTROL_EXTRA_S 1

struct control_request {
	int hello_fd; /* where the tasks say HELLO */
	/* The keeper that mounts on the host (mount=host), or -1; its end of
	 * file tells the keeper that all have started. */
	int host_mounter_fd;
	/* What is likely to be the image, or -1; and the command of the step,
	 * or NULL: see prefetch/prefetch.h. */
	int image_fd;
	const char *command;
	struct rings *rings; /* or NULL; for the first file system */
	long tasks;          /* as many will say HELLO, no more */
	int timeout_s;
	const struct session_options *options;
	struct supervisor *supervisor;
};

/*
 * Lead the tasks of a step into their container: until all of them have
 * started, or ended, answer what they say (common/message.h).  The file system
 * is served meanwhile: here, until the image is sealed, and then by a child
 * (supervisor_start()).  The descriptors and the rings are given away.  The
 * process is ended by SIGALRM if a container is not complete `timeout_s` + 1
 * seconds after its first task was told to build it: this also ends a read that
 * hangs, and closes the descriptors that the tasks wait on.
 *
 * Returns in the child as well, at once; supervisor->role tells them apart.
 * Stores the file system in *ret_fs, owned by the caller; NULL if there is none
 * left to serve, because no container was built or it is gone already.
 */
int control_run(const struct control_request *request, struct session **ret_fs,
	struct error *err);

/*
 * Tell all tasks that there is no container, and the first of them why.
 * `hello_fd` is given away.  Returns when no task is left.
 */
int control_refuse(int hello_fd, const char *reason, struct error *err);

#endif
