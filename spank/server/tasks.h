/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_TASKS_H
#define SPANK_SERVER_TASKS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"

/*
 * The descriptors that the server polls: three of its own, then a socket for
 * each task that has said HELLO.  A task is named by its index, which never
 * changes.
 */
enum { POLL_HELLO, POLL_FS, POLL_HOST_MOUNTER, POLL_TASKS };

#define NO_TASK SIZE_MAX

struct tasks {
	struct pollfd *polled;
	bool *is_waiting; /* a task that has had no answer to its HELLO yet */
	size_t count;     /* of both, POLL_TASKS at least */
};

/* -1 if there is no memory. */
int tasks_open(struct tasks *tasks);

/* Add the task at the other end of *fd, given away.  -1: no memory. */
int tasks_add(struct tasks *tasks, int *fd);

/* Whether the task has a socket. */
bool tasks_has(const struct tasks *tasks, size_t task);

/* A failure usually means that the task has died; its end of file follows. */
int tasks_send(const struct tasks *tasks, size_t task, enum message_type type,
	const char *text, int fd);

/*
 * The same for an answer to HELLO.  If it cannot be sent (no memory, or too
 * many descriptors in flight) the task is hung up on, so that it fails instead
 * of waiting, or starting with half of what it needs.
 */
bool tasks_answer(struct tasks *tasks, size_t task, enum message_type type,
	const char *text, int fd);

void tasks_hang_up(struct tasks *tasks, size_t task);

/* Whether any task has a socket. */
bool tasks_are_left(const struct tasks *tasks);

/* Close every socket, but not the file system's descriptor. */
void tasks_close(struct tasks *tasks);

#endif
