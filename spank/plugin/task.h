/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_TASK_H
#define SPANK_PLUGIN_TASK_H

#include <slurm/spank.h>

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/step.h"

/* What a task has in addition to its copy of the step. */
struct task {
	/* /dev/fuse for each server, opened in task_init_privileged. */
	int fuse_fds[CONTAINER_IMAGES_MAX];
	/* mount=host: the mount namespace that has the mount, borrowed; -1: it
	 * is this task's. */
	int host_namespace_fd;
};

#define TASK_NONE                                                   \
	{                                                           \
		.fuse_fds = { -1, -1, -1, -1, -1, -1, -1, -1, -1 }, \
		.host_namespace_fd = -1                             \
	}

/* The number of the task among those of this node; 0 if unknown. */
int task_local_number(spank_t spank);

/*
 * In task_init_privileged, as root: open what entering needs, and keep the
 * capabilities for it.  The caller has set the task's name.
 */
int task_prepare(struct task *task, const struct step *step,
	const struct plugstack_args *args, struct error *err);

/*
 * In task_init, as the user: get into the container, see entry.h, and give
 * Slurm what changes in the task's environment.
 */
int task_enter(spank_t spank, struct task *task, struct step *step,
	const struct plugstack_args *args, struct report *report,
	struct error *err);

#endif
