/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENTRY_H
#define SPANK_PLUGIN_ENTRY_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/environment/sh/environment.h"
#include "spank/plugin/io/report.h"

/* What a task needs to get into the container; all borrowed. */
struct task_request {
	struct plan_request plan; /* but for `directory` and `node_conf` */
	const int
		*tasks_fds; /* where the servers hear HELLO, the root's first */
	int *fuse_fds;      /* an open /dev/fuse for each, given away */
	int64_t started_us; /* when the servers had been started */
	int timeout_s;
	uint32_t *reported; /* what befalls all tasks of the node, see
			       io/report.h */
};

/* What the task has become; what it owns is freed by task_free(). */
struct task {
	struct environment edits; /* to be made to the task's environment */
	struct environment
		setters;          /* with --sif-debug: environment/setters.h */
	char directory[PATH_MAX]; /* the working directory; "" if it has none */
	bool is_builder;    /* of the node's tasks of this step, or it joined */
	int moved;          /* errno of why it is '/' instead, or 0 */
	char pwd[PATH_MAX]; /* $PWD, where the task now is */
};

/*
 * Become a process of the step's container: build it, if this task is the
 * first, or enter it.  Afterwards '/' is the image, no capability is left, and
 * the working directory is the one that was asked for, or the same as before.
 * A descriptor stays open until execve, which tells the server that this task
 * has started.
 *
 * Called in task_init, with the user's ids.
 */
int task_enter(const struct task_request *request, struct task *ret_task,
	struct report *report, struct error *err);

void task_free(struct task *task);

#endif
