/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_FUSE_WATCHDOG_H
#define SPANK_PLUGIN_FUSE_WATCHDOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/child.h"
#include "common/error.h"
#include "spank/plugin/container/container.h"

/*
 * slurmstepd's watchdog over the FUSE connections of a step.  It aborts a
 * connection whose server has ended, does not end after SIGKILL, or is stopped
 * again and again, and all connections if the step does not end after SIGKILL.
 * A process that waits for the server can then be killed.  It is a thread,
 * since Slurm calls no hook while it waits for the tasks.
 */
struct fuse_watchdog {
	const struct connection *connections; /* tasks store them, see step.h */
	int stop_fd; /* eventfd; -1: the thread does not run */
	uid_t uid;
	size_t count;
	pid_t pids[CONTAINER_IMAGES_MAX];    /* of the servers */
	int pid_fds[CONTAINER_IMAGES_MAX];   /* copies, owned; -1: it ended */
	int abort_fds[CONTAINER_IMAGES_MAX]; /* owned; -1: not open yet */
	struct connection opened[CONTAINER_IMAGES_MAX]; /* what they are of */
	/* How many checks found its server stopped, less those that found it
	 * running. */
	unsigned int stop_score[CONTAINER_IMAGES_MAX];
	bool done[CONTAINER_IMAGES_MAX]; /* not to be checked any more */
	unsigned int checks;             /* of all connections, so far */
	pid_t *tasks;                    /* of the step on this node, owned */
	uint32_t tasks_size;             /* how many there will be */
	uint32_t tasks_count;
	pthread_t thread;
};

#define FUSE_WATCHDOG_NONE    \
	{                     \
		.stop_fd = -1 \
	}

/* Before `tasks` tasks are forked, which store in `connections`; that is
 * borrowed. */
void fuse_watchdog_prepare(struct fuse_watchdog *watchdog,
	const struct connection *connections, uid_t uid, uint32_t tasks);

/* Add each server, then start the thread.  That the thread cannot be started
 * matters only if a server hangs, so it is no failure. */
void fuse_watchdog_add(struct fuse_watchdog *watchdog,
	const struct child *server);
void fuse_watchdog_start(struct fuse_watchdog *watchdog);

/* Add a task, which is a child of the caller; also while the thread runs. */
void fuse_watchdog_add_task(struct fuse_watchdog *watchdog, pid_t pid);

/* End the thread.  Called when the servers have ended, or cannot be ended. */
void fuse_watchdog_stop(struct fuse_watchdog *watchdog);

#endif
