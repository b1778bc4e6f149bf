/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_IMAGE_SERVER_H
#define SPANK_PLUGIN_IMAGE_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/child.h"
#include "common/error.h"
#include "common/identity.h"
#include "spank/plugin/settings/overlay_list.h"
#include "spank/plugin/settings/plugstack_args.h"

/* slurmstepd's side of the image server, one per step and node. */
struct image_server {
	int program_fd;
	const char *program; /* its path */
	int tasks_fd;  /* what the tasks say HELLO on; each inherits a copy */
	int server_fd; /* the server's end, until it has been started */
	/*
	 * A pipe that is closed once all tasks have been waited for, or with
	 * slurmstepd: the server does not end before, since Slurm's loop that
	 * waits for tasks sleeps for 0.1 s if it meets another child.
	 */
	int lifeline_fd;
	int lifeline_server_fd; /* the server's end, until it is started */
	int host_mounter_fd; /* mount=host: its end of a socket to the mounter
			      */
	/* Memory for struct damage, which the server writes. */
	int damage_fd;
	bool is_damage_reported;
	struct child child; /* pid 0: not started, or ended */
	bool has_ended;
	int status; /* how it ended, as of child_wait() */
	bool is_reported;
};

#define IMAGE_SERVER_NONE                                          \
	{                                                          \
		.program_fd = -1, .tasks_fd = -1, .server_fd = -1, \
		.lifeline_fd = -1, .lifeline_server_fd = -1,       \
		.host_mounter_fd = -1, .damage_fd = -1,            \
		.child = { .pid_fd = -1 },                         \
	}

/*
 * Whether the program for the reader that `args` choose is installed, which it
 * is not where libsquashfuse was missing when the plugin was built.
 */
int image_server_check_program(const struct plugstack_args *args,
	struct error *err);

/*
 * Check the kernel, open the program, make its control socket and its pipe.
 * Requires uid 0.
 */
int image_server_prepare(struct image_server *server,
	const struct plugstack_args *args, struct error *err);

/* Optional hints for the server, each or NULL; root does not use them. */
struct image_server_hints {
	const char *name;    /* what ps shows; all users see it */
	const char *image;   /* the path that the first task will open */
	const char *command; /* the first word of what the step executes */
};

/*
 * Start it as `identity` for `tasks` tasks on this node.  It gives up if a task
 * needs more than the timeout + 1 seconds to build a container.  Does not wait
 * for it.  Requires uid 0.
 */
int image_server_start(struct image_server *server,
	const struct identity *identity, uint32_t tasks,
	const struct plugstack_args *args,
	const struct image_server_hints *hints, struct error *err);

/*
 * Charge the server to the task `task_pid`, by moving it into its cgroups.
 * Requires uid 0.
 */
int image_server_join_cgroup(struct image_server *server, pid_t task_pid,
	struct error *err);

/*
 * A task of the step has ended.  -1 with a sentence if the server ended badly;
 * 1 with one if it was replaced and the step went on; each only once.  Slurm
 * kills a step together with its server, so a server that was SIGKILLed is not
 * reported to a task that was killed too.
 *
 * After the last task the server may end.  It has a few milliseconds before
 * Slurm looks for remaining processes.
 */
int image_server_check(struct image_server *server, bool task_was_killed,
	bool is_last, struct error *err);

/*
 * -1 with a sentence if tasks could not read the image's file, or that of a
 * layer over it, or if it was written to; only once.  Never waits: it uses what
 * the server has noted so far.  `image` is the image's name for the user,
 * `overlays` names the layers, or is NULL.
 */
int image_server_check_image(struct image_server *server, const char *image,
	const struct overlay_list *overlays, struct error *err);

/*
 * Make sure that all servers are gone.  They end by themselves once the last
 * process has left the container; after a common deadline they are killed.
 * Reports what image_server_check() would of a killed task, and servers that
 * survive even SIGKILL.
 */
void image_servers_stop(struct image_server *servers, size_t count,
	void (*report)(const struct error *err));

#endif
