/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_STEP_H
#define SPANK_PLUGIN_STEP_H

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

/* The length of a UUID as text, without a NUL. */
#define STEP_UUID_SIZE 36

/* Memory that slurmstepd shares with its tasks. */
struct step_shared {
	/* The tasks store their FUSE connections, for the watchdog. */
	struct connection connections[CONTAINER_IMAGES_MAX];
	/* A failure of all tasks has been reported: report_common_failure(). */
	uint32_t reported;
	/* A task did not get into its container. */
	uint32_t refused;
	/* The image's UUID from the builder, for step_log.c; may be anything.
	 */
	char uuid[STEP_UUID_SIZE];
};

/* What slurmstepd knows of its step on this node.  Each task inherits a copy by
 * fork. */
struct step {
	struct settings settings;        /* in effect */
	bool is_default[SETTINGS_COUNT]; /* from plugstack.conf */
	struct settings options;         /* from Slurm's options */
	struct settings_errors wrong;    /* with either */
	bool runs_image; /* it has an image, or joins a step with one */

	pid_t pid;          /* of slurmstepd */
	int64_t begin_us;   /* when it had read the options */
	int64_t started_us; /* when it had started the servers */
	/* The server of the root's image, then those of further images. */
	struct image_server servers[CONTAINER_IMAGES_MAX];
	size_t servers_count;
	struct host_mount host_mount; /* mount=host: of the root's image */
	struct fuse_watchdog watchdog;
	struct step_shared *shared; /* or NULL */

	uint32_t tasks_left; /* tasks of this node that have not ended */
	bool has_ended;      /* one of them has ended */
	int worst;           /* their worst wait(2) status */
};

#define STEP_NONE                                                              \
	{                                                                      \
		.servers = { IMAGE_SERVER_NONE, IMAGE_SERVER_NONE,             \
			IMAGE_SERVER_NONE, IMAGE_SERVER_NONE,                  \
			IMAGE_SERVER_NONE, IMAGE_SERVER_NONE,                  \
			IMAGE_SERVER_NONE, IMAGE_SERVER_NONE,                  \
			IMAGE_SERVER_NONE },                                   \
		.host_mount = HOST_MOUNT_NONE, .watchdog = FUSE_WATCHDOG_NONE, \
	}

/* Take in an option as Slurm hands it over.  A wrong one is noted; step_load()
 * fails with it unless another value counts. */
void step_take_option(struct step *step, enum setting setting,
	const char *value);

/*
 * Decide which settings hold and whether the step runs in an image.  `job` is
 * the step's environment, `number` its number (a special one for a batch or
 * interactive step).  Fails for a step that should run in an image, but whose
 * settings are wrong or denied.
 */
int step_load(struct step *step, const struct plugstack_args *args,
	char *const *job, uint32_t number, struct error *err);

/* Before the tasks are forked: make what is shared with them. */
int step_share(struct step *step, struct error *err);

/*
 * With contain_spank (Slurm 24.05 and later) Slurm calls task_post_fork and
 * task_exit in a child that shares slurmstepd's memory, but has its own
 * descriptors, children and mount namespace.  Is this such a child?
 */
bool step_is_contained(const struct step *step);

/* What Slurm tells of a task of this node. */
struct task_event {
	int number; /* among those of this node */
	pid_t pid;  /* task_post_fork */
	int status; /* task_exit: as of wait(2) */
};

/* What the user calls image `i`: the root's, or a further one. */
const char *step_image_name(const struct step *step, size_t i);

#endif
