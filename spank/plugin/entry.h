/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENTRY_H
#define SPANK_PLUGIN_ENTRY_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/container/bind_plan.h"
#include "spank/plugin/environment_edits.h"
#include "spank/plugin/io/report.h"

/* What a task needs to get into the container; all borrowed. */
struct entry_request {
	struct plan_request plan; /* without `directory` and `node_conf` */
	const int *tasks_fds;     /* where the servers receive HELLO, the root's
				     first */
	int *fuse_fds;            /* an open /dev/fuse for each, given away */
	int64_t started_us;       /* when the servers had been started */
	int timeout_s;
	uint32_t *reported; /* for report_common_failure() */
};

/* The result; freed by entry_result_free(). */
struct entry_result {
	struct environment_edits edits; /* to make in its environment */
	char directory[PATH_MAX]; /* where it was on the host; "" if unknown */
	bool is_builder;          /* it built the container, or joined a step */
	int moved;          /* errno of why it is in `pwd` instead, or 0 */
	char pwd[PATH_MAX]; /* $PWD, where it is now */
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
int entry_run(const struct entry_request *request,
	struct entry_result *ret_result, struct report *report,
	struct error *err);

void entry_result_free(struct entry_result *result);

#endif
