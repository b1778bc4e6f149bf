/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_BUILDER_H
#define SPANK_PLUGIN_BUILDER_H

#include <stdint.h>

#include "common/error.h"
#include "spank/plugin/container/container.h"
#include "spank/plugin/environment_edits.h"
#include "spank/plugin/io/report.h"

/* The input of builder_run(); all borrowed. */
struct builder_request {
	struct container_request container;
	int64_t started_us; /* when the servers had been started */
	int64_t ready_us; /* when the root's server was ready, as BUILD says */
	int timeout_s;
};

/*
 * Build the container and become its first process, give up all rights, find
 * out what changes in the environment of all tasks, and let the other tasks in.
 * On failure the server is told, which tells the other tasks.  The caller frees
 * *ret_edits, also after a failure.
 *
 * Called with the user's ids, in a process whose alarm is set: a file system
 * that hangs must not hold it for longer than the timeout.
 */
int builder_run(const struct builder_request *request,
	struct environment_edits *ret_edits, struct report *report,
	struct error *err);

/* The sentence for a container that is not complete in time.  Returns -1. */
int builder_describe_lateness(const struct settings *settings, int timeout_s,
	struct error *err);

#endif
