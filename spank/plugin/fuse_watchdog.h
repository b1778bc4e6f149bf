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
 * slurmstepd's watch over the FUSE connections of a step: one whose server has
 * ended, has been killed and does not end, or is stopped again and again, is
 * aborted; and so are all when the step is killed and does not end.  Whoever
 * waits for a server can then be killed.  Slurm waits for its tasks without
 * calling a hook: the watch is a thread.
 */
struct fuse_watchdog {
	const struct connection *connections; /* tasks store them: session.h */
	int stop_fd; /* eventfd; -1: the thread does not run */
	uid_t uid;
	size_t count;
	pid_t pids[CONTAINER_IMAGES_MAX];    /* of the servers */
	int pid_fds[CONTAINER_IMAGES_MAX];   /* copies, owned; -1: it ended */
	int abort_fds[CONTAINER_IMAGES_MAX]; /* owned; -1: not known yet */
	struct connection opened[CONTAINER_IMAGES_MAX]; /* what they are of */
	/* At how many looks its server was stopped, less those when it ran. */
	unsigned int stop_score[CONTAINER_IMAGES_MAX];
	bool done[CONTAINER_IMAGES_MAX]; /* nothing is left to be seen */
	unsigned int checks;             /* that the thread has taken */
	pid_t *tasks;                    /* of the step on this node, owned */
	uint32_t tasks_size;             /* how many there will be */
	uint32_t tasks_count;
	pthread_t thread;
};

#define FUSE_WATCHDOG_NONE    \
	{                     \
		.stop_fd = -1 \
	}

/* Before the tasks are forked, of whom there will be `tasks`; they store in
 * `connections`, which is borrowed. */
void fuse_watchdog_prepare(struct fuse_watchdog *watchdog,
	const struct connection *connections, uid_t uid, uint32_t tasks);

/* Add a server; then start the thread.  A watch that cannot be started is
 * missed only where a server hangs. */
void fuse_watchdog_add(struct fuse_watchdog *watchdog,
	const struct child *server);
void fuse_watchdog_start(struct fuse_watchdog *watchdog);

/* Add a task, a child of the caller's; also while the thread runs. */
void fuse_watchdog_add_task(struct fuse_watchdog *watchdog, pid_t pid);

/* End the thread.  Called once the servers have ended, or cannot. */
void fuse_watchdog_stop(struct fuse_watchdog *watchdog);

#endif
