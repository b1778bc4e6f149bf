/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_WATCH_H
#define SPANK_PLUGIN_WATCH_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/child.h"
#include "common/error.h"
#include "spank/plugin/container.h"

/*
 * slurmstepd's watch over the FUSE connections of a step: one whose server has
 * ended, or has been killed and does not end, is aborted, so that the tasks
 * which wait for it can be killed.  Slurm waits for its tasks without calling a
 * hook: the watch is a thread.
 */
struct watch {
	const uint32_t *connections; /* the tasks store them, see session.h */
	int stop_fd;                 /* eventfd; -1: the thread does not run */
	uid_t uid;
	size_t count;
	pid_t pids[CONTAINER_IMAGES_MAX];    /* of the servers */
	int pid_fds[CONTAINER_IMAGES_MAX];   /* copies, owned */
	int abort_fds[CONTAINER_IMAGES_MAX]; /* owned; -1: not known yet */
	pthread_t thread;
};

#define WATCH_NONE            \
	{                     \
		.stop_fd = -1 \
	}

/* Add a server; then start the thread.  A watch that cannot be started is
 * missed only where a server hangs. */
void watch_add(struct watch *watch, const struct child *server);
void watch_start(struct watch *watch);

/* End the thread.  Called once the servers have ended, or cannot. */
void watch_stop(struct watch *watch);

#endif
