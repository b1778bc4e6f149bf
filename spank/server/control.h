/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_CONTROL_H
#define SPANK_SERVER_CONTROL_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/server/service.h"

struct control_request {
	int hello_fd; /* where the tasks say HELLO */
	/* The host mounter (mount=host), or -1; its end of file tells the
	 * mounter that all tasks have started. */
	int host_mounter_fd;
	long tasks; /* how many will say HELLO */
	int timeout_s;
};

/*
 * Leads the tasks of a step into their container: answers what they say
 * (common/message.h) until all of them have started, or ended.
 *
 * The process is ended by SIGALRM if a container is not complete `timeout_s` +
 * 1 seconds after its first task was told to build it: this also ends a read
 * that hangs, and closes the descriptors that the tasks wait on.
 */
struct control;

/* The descriptors are given away, `service` is borrowed.  NULL: no memory. */
struct control *control_open(const struct control_request *request,
	struct service *service);

enum control_status {
	CONTROL_FAILED = -1, /* err says why */
	CONTROL_RUNNING,     /* never returned by control_run() */
	CONTROL_SEALED,      /* a child should serve now: service_fork() */
	CONTROL_SIGNAL,      /* SIGCHLD, perhaps: service_check() */
	CONTROL_DONE,        /* no task is left, and none can come */
};

/*
 * Run until something has to be done that forks, or until the end.  After
 * CONTROL_SEALED and CONTROL_SIGNAL the caller calls it again, unless it is the
 * child now.
 */
enum control_status control_run(struct control *control, struct error *err);

/* Nobody serves the image any more: service_has_ended(). */
void control_server_ended(struct control *control);

/* Close all descriptors that it has; the service keeps its own. */
void control_close(struct control *control);

/*
 * Tell all tasks that there is no container, and the first of them why.
 * `hello_fd` is given away.  Returns when no task is left.
 */
int control_refuse(int hello_fd, const char *reason, struct error *err);

#endif
