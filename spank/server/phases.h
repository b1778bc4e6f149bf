/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_PHASES_H
#define SPANK_SERVER_PHASES_H

#include <stdbool.h>

#include "common/error.h"
#include "common/message.h"
#include "spank/server/service.h"
#include "spank/server/tasks.h"

/* The server waits this much longer than the builder, which knows more and so
 * should be the first to say that time is up. */
#define BUILDER_EXTRA_S 1

/* How far the container of the step is. */
enum phase {
	WANTED,   /* nobody builds; the next task that waits is told to */
	BUILDING, /* the builder has had BUILD */
	OPENED,   /* its image is open, but not mounted on the host yet */
	READY,    /* it has had READY */
	SERVING,  /* its file system is mounted, and served by this process */
	SEALED,   /* mount points are made; from now on a child serves */
	SHARED,   /* what the other tasks need to know is here */
	LOST,     /* the file system is gone; the builder's end is awaited */
	BUILT,    /* all tasks are told to enter */
	REFUSED,  /* there will be no container; all tasks are told */
	PHASES
};

/* A message of the builder is an event, named by its type.  The others are: */
enum event {
	EVENT_TASK = MESSAGE_LAST + 1, /* a task waits for an answer */
	EVENT_END,                     /* the builder's end of file */
	EVENT_MOUNTABLE, /* the image can be mounted, or is, on the host */
	EVENT_ERROR,     /* the mount on the host failed, or the server */
	EVENT_UNMOUNTED, /* the file system is gone, or nobody serves it */
	EVENTS
};

/* What comes with an event; zero or NULL if nothing does. */
struct input {
	size_t task;      /* EVENT_TASK: which */
	const char *text; /* of the message; EVENT_ERROR: why */
	int *fd;          /* of the message, or -1; taken if it is kept */
};

enum host_mount {
	HOST_MOUNT_NONE,    /* the builder mounts */
	HOST_MOUNT_AWAITED, /* the host mounter does, and has not yet */
	HOST_MOUNT_DONE,    /* it has */
};

/* The phase, and what the actions of phases.c work with. */
struct phases {
	enum phase phase;
	size_t task; /* that builds, or NO_TASK */
	int timeout_s;
	char ready_us[24]; /* the text of BUILD */
	enum host_mount host_mount;
	int host_mounted_fd; /* its /dev/fuse, until it is served, or -1 */
	int namespace_fd;    /* what ENTER brings, or -1 */
	int shared_fd;       /* what SHARED brings, or -1 */
	/* REFUSED: a task tells the user.  If none does yet, the first one that
	 * can be sent the reason will. */
	bool is_told;
	char reason[MESSAGE_TEXT_SIZE];
	bool is_forking; /* a child has to serve, and does not yet */
	struct tasks *tasks;
	struct service *service;
};

/* `reason`: NULL, or why there will be no container. */
void phases_open(struct phases *phases, struct tasks *tasks,
	struct service *service, const char *reason);

/* Do what the table of phases.c says for this event in this phase. */
void phases_step(struct phases *phases, int event, const struct input *input);

void phases_close(struct phases *phases);

#endif
