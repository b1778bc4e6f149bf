/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SESSION_H
#define SPANK_PLUGIN_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "spank/plugin/container/container.h"
#include "spank/plugin/fuse_watchdog.h"
#include "spank/plugin/host_mount.h"
#include "spank/plugin/image_server.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/* Of a UUID in words, without a NUL. */
#define SESSION_UUID_SIZE 36

/* Memory that slurmstepd has in common with its tasks. */
struct shared {
	/* Of FUSE: the tasks store them, for the watch. */
	struct connection connections[CONTAINER_IMAGES_MAX];
	/* A failure of all tasks has been told: report_common_failure(). */
	uint32_t reported;
	/* A task did not get into its container. */
	uint32_t refused;
	/* Of the image, by the builder, for step_log.c; maybe nonsense. */
	char uuid[SESSION_UUID_SIZE];
};

/*
 * What the hooks of one process hand on to one another: the only global
 * variable of the plugin.  slurmstepd fills it in; each task inherits a copy
 * by fork and goes on from there.
 */
struct session {
	bool is_loaded; /* init has been called, see refuse_second() */
	struct plugstack_args args;
	struct settings settings;        /* what the user asks for */
	bool is_default[SETTINGS_COUNT]; /* slurmstepd: not the user's word */
	struct settings raw; /* slurmstepd: as Slurm hands options over */
	struct settings_errors wrong; /* with them */
	bool given[SETTINGS_COUNT];   /* a command: by an option of its own */
	bool is_submitted;  /* a command: a component of it has been checked */
	int64_t begin_us;   /* when slurmstepd had read the options */
	int64_t started_us; /* when it had started the servers */
	pid_t pid;          /* of slurmstepd */
	bool runs_image;    /* this process serves a step that has an image */
	/*
	 * The first failure.  A hook that fails other than task_init drains
	 * the node or loses the exit code (spank(8), RETURN VALUES), so that
	 * all of them record here what task_init then says.
	 */
	struct error error;
	/* The root's, then those of further images. */
	struct image_server servers[CONTAINER_IMAGES_MAX];
	size_t servers_count;
	struct host_mount host_mount; /* of the root's image, mount=host */
	struct fuse_watchdog watchdog;
	struct shared *shared; /* or NULL */
	uint32_t tasks_left;   /* of this node, that have not ended */
	bool has_ended;        /* one of them at least */
	int worst;             /* how the worst of those did, as of wait(2) */
	/* A task's /dev/fuse for each server, from task_init_privileged. */
	int fuse_fds[CONTAINER_IMAGES_MAX];
};

extern struct session session;

/* In slurmstepd: take in the step's settings, and decide whether it runs in an
 * image.  `job` is its environment.  Failures are recorded. */
void session_load(char *const *job, uint32_t step);

/* Record a failure for task_init, unless there is one already. */
void session_record(const struct error *err);

/* Before the tasks are forked: make what is shared with them. */
int session_share(struct error *err);

/* Does the step enter the container of another one? */
bool session_joins(void);

/* Is it meant to run in an image, or to join a step that does? */
bool session_wants_image(void);

#endif
