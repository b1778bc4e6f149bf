/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sockets of the tasks.  An end of file means that the task has started
 * (its execve closed the socket) or died.
 */
#include <stdlib.h>

#include "common/cleanup.h"
#include "spank/server/tasks.h"

static int grow(struct tasks *tasks)
{
	size_t count = tasks->count + 1;
	struct pollfd *polled = realloc(tasks->polled, count * sizeof(*polled));
	bool *is_waiting;

	if (!polled)
		return -1;
	tasks->polled = polled;
	is_waiting = realloc(tasks->is_waiting, count * sizeof(*is_waiting));
	if (!is_waiting)
		return -1;
	tasks->is_waiting = is_waiting;
	polled[tasks->count] = (struct pollfd){ .fd = -1, .events = POLLIN };
	is_waiting[tasks->count] = false;
	tasks->count = count;
	return 0;
}

int tasks_open(struct tasks *tasks)
{
	*tasks = (struct tasks){ .polled = NULL };
	while (tasks->count < POLL_TASKS)
		if (grow(tasks) < 0)
			return -1;
	return 0;
}

int tasks_add(struct tasks *tasks, int *fd)
{
	if (grow(tasks) < 0)
		return -1;
	tasks->polled[tasks->count - 1].fd = fd_take(fd);
	tasks->is_waiting[tasks->count - 1] = true;
	return 0;
}

bool tasks_has(const struct tasks *tasks, size_t task)
{
	return tasks->polled[task].fd >= 0;
}

int tasks_send(const struct tasks *tasks, size_t task, enum message_type type,
	const char *text, int fd)
{
	return message_send(tasks->polled[task].fd, type, text, fd);
}

bool tasks_answer(struct tasks *tasks, size_t task, enum message_type type,
	const char *text, int fd)
{
	tasks->is_waiting[task] = false;
	if (tasks_send(tasks, task, type, text, fd) == 0)
		return true;
	tasks_hang_up(tasks, task);
	return false;
}

void tasks_hang_up(struct tasks *tasks, size_t task)
{
	cleanup_fd(&tasks->polled[task].fd);
	tasks->is_waiting[task] = false;
}

bool tasks_are_left(const struct tasks *tasks)
{
	size_t task;

	for (task = POLL_TASKS; task < tasks->count; task++)
		if (tasks_has(tasks, task))
			return true;
	return false;
}

void tasks_close(struct tasks *tasks)
{
	size_t i;

	for (i = 0; i < tasks->count; i++)
		if (i != POLL_FS)
			cleanup_fd(&tasks->polled[i].fd);
	free(tasks->polled);
	free(tasks->is_waiting);
	*tasks = (struct tasks){ .polled = NULL };
}
