/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SESSION_H
#define SPANK_PLUGIN_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/arguments.h"
#include "common/error.h"
#include "spank/plugin/image_server.h"

/*
 * What the hooks of one process hand on to one another: the only global
 * variable of the plugin.  slurmstepd fills it in; each task inherits a copy
 * by fork and goes on from there.
 */
struct session {
	struct arguments arguments;
	struct error arguments_error; /* what is wrong with them, if so */
	struct error option_error; /* what is wrong with --sif-image, if so */
	char image[PATH_MAX];      /* --sif-image; "" if the step has none */
	pid_t pid;                 /* of slurmstepd */
	bool runs_image; /* this process serves a step that has an image */
	/*
	 * The first failure.  A hook that fails other than task_init drains
	 * the node or loses the exit code (spank(8), RETURN VALUES), so that
	 * all of them record here what task_init then says.
	 */
	struct error error;
	struct image_server server;
	uint32_t tasks_left; /* of this node, that have not ended */
	int fuse_fd;         /* a task's /dev/fuse, from task_init_privileged */
};

extern struct session session;

#endif
