/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The step's start, seen from the image server: a loop that turns what arrives
 * on descriptors into the events of phases.h.  What an event does is in
 * phases.c; the tasks' sockets are in tasks.c, the image in service.c.
 *
 * The loop ends when no task is left and none can come: all have said HELLO, or
 * nobody holds the other end of the HELLO socket.  In between it returns to its
 * caller whenever a process may have to be forked.
 *
 * There is one thread, which has time before the first task comes and while the
 * builder works.  It spends that on the prefetch.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "spank/server/control_internal.h"

static bool is_awaited(const struct tasks *tasks)
{
	return tasks->polled[POLL_HELLO].fd >= 0 || tasks_are_left(tasks);
}

/* Returns as message_receive(). */
static int receive_from(const struct control *control, size_t from,
	struct message *ret_message, int *ret_fd)
{
	return message_receive(control->tasks.polled[from].fd,
		deadline_in_ms(0), ret_message, ret_fd);
}

static void receive_hello(struct control *control)
{
	struct tasks *tasks = &control->tasks;
	struct message message;
	CLEANUP_FD int fd = -1;
	int got = receive_from(control, POLL_HELLO, &message, &fd);
	struct input input = { .task = tasks->count };

	if (got == 0)
		cleanup_fd(&tasks->polled[POLL_HELLO].fd);
	/* Anything else is not ours: its sender sees an end of file. */
	if (got != 1 || message.type != MESSAGE_HELLO || fd < 0)
		return;
	if (tasks_add(tasks, &fd) == 0)
		phases_step(&control->phases, EVENT_TASK, &input);
	/* slurmstepd may still hold the other end (contain_spank). */
	if (--control->expected == 0)
		cleanup_fd(&tasks->polled[POLL_HELLO].fd);
}

static void receive_end(struct control *control, size_t task)
{
	tasks_hang_up(&control->tasks, task);
	if (task == control->phases.task)
		phases_step(&control->phases, EVENT_END,
			&(struct input){ .task = task });
}

/* -1 if the builder, which relies on what it has sent, cannot be received from.
 */
static int receive_task(struct control *control, size_t task, struct error *err)
{
	struct message message;
	CLEANUP_FD int fd = -1;
	bool is_builder = task == control->phases.task;
	int got = receive_from(control, task, &message, &fd);
	const struct input input = { .text = message.text, .fd = &fd };

	if (got < 0 && errno != EPROTO && is_builder)
		return error_set(err, errno,
			"cannot receive from the first task");
	if (got == 1 && is_builder)
		phases_step(&control->phases, message.type, &input);
	else
		receive_end(control, task);
	return 0;
}

/* Its only message.  Its end of file does not matter once it has mounted. */
static void receive_host_mounter(struct control *control)
{
	struct phases *phases = &control->phases;
	struct message message;
	CLEANUP_FD int fd = -1;
	int got = receive_from(control, POLL_HOST_MOUNTER, &message, &fd);
	const char *reason = message.text;

	if (got == 1 && message.type == MESSAGE_MOUNT && fd >= 0 &&
		phases->host_mount == HOST_MOUNT_AWAITED) {
		phases->host_mounted_fd = fd_take(&fd);
		phases->host_mount = HOST_MOUNT_DONE;
		phases_step(phases, EVENT_MOUNTABLE,
			&(struct input){ .text = NULL });
		return;
	}
	cleanup_fd(&control->tasks.polled[POLL_HOST_MOUNTER].fd);
	if (got != 1 || message.type != MESSAGE_FAILED) {
		if (phases->host_mount != HOST_MOUNT_AWAITED)
			return;
		reason = "the keeper of the mount on the host (mount=host) "
			 "has ended";
	}
	phases_step(phases, EVENT_ERROR, &(struct input){ .text = reason });
}

static int answer_request(struct control *control, struct error *err)
{
	int answered = service_answer(control->service, err);

	if (answered == 0)
		control_server_ended(control);
	return answered < 0 ? -1 : 0;
}

static int receive_all(struct control *control, struct error *err)
{
	struct tasks *tasks = &control->tasks;
	size_t task, count = tasks->count; /* new ones have nothing yet */

	if (tasks->polled[POLL_FS].revents && answer_request(control, err) < 0)
		return -1;
	if (tasks->polled[POLL_HOST_MOUNTER].revents)
		receive_host_mounter(control);
	if (tasks->polled[POLL_HELLO].revents)
		receive_hello(control);
	for (task = POLL_TASKS; task < count; task++)
		if (tasks->polled[task].revents && tasks_has(tasks, task) &&
			receive_task(control, task, err) < 0)
			return -1;
	return 0;
}

enum control_status control_poll(struct control *control, bool waits,
	struct error *err)
{
	static const struct timespec at_once;
	struct tasks *tasks = &control->tasks;
	sigset_t none;
	int ready;

	sigemptyset(&none);
	tasks->polled[POLL_FS].fd = service_fd(control->service);
	ready = ppoll(tasks->polled, tasks->count, waits ? NULL : &at_once,
		&none);
	if (ready < 0 && errno == EINTR)
		return CONTROL_SIGNAL;
	if (ready < 0)
		return error_set(err, errno, "cannot poll");
	if (ready == 0)
		service_prefetch(control->service);
	else if (receive_all(control, err) < 0)
		return CONTROL_FAILED;
	if (!control->phases.is_forking)
		return CONTROL_RUNNING;
	control->phases.is_forking = false;
	return CONTROL_SEALED;
}

enum control_status control_run(struct control *control, struct error *err)
{
	enum control_status status = CONTROL_RUNNING;

	while (status == CONTROL_RUNNING) {
		if (!is_awaited(&control->tasks))
			return CONTROL_DONE;
		status = control_poll(control,
			!service_is_prefetching(control->service), err);
	}
	if (status == CONTROL_FAILED)
		phases_step(&control->phases, EVENT_ERROR,
			&(struct input){ .text = err->text });
	return status;
}

void control_server_ended(struct control *control)
{
	phases_step(&control->phases, EVENT_UNMOUNTED,
		&(struct input){ .task = NO_TASK });
}

/* `reason`: NULL, or why there will be no container. */
static struct control *open_for(const struct control_request *request,
	struct service *service, const char *reason)
{
	struct control *control = calloc(1, sizeof(*control));

	if (!control || tasks_open(&control->tasks) < 0) {
		control_close(control);
		return NULL;
	}
	control->tasks.polled[POLL_HELLO].fd = request->hello_fd;
	control->tasks.polled[POLL_HOST_MOUNTER].fd = request->host_mounter_fd;
	control->expected = request->tasks;
	control->service = service;
	phases_open(&control->phases, &control->tasks, service, reason);
	control->phases.timeout_s = request->timeout_s;
	if (request->host_mounter_fd >= 0)
		control->phases.host_mount = HOST_MOUNT_AWAITED;
	return control;
}

struct control *control_open(const struct control_request *request,
	struct service *service)
{
	return open_for(request, service, NULL);
}

/* The serving child closes these: only the step's processes keep the namespace,
 * only the host mounter unmounts, and only the supervisor talks to tasks. */
void control_close(struct control *control)
{
	if (!control)
		return;
	phases_close(&control->phases);
	tasks_close(&control->tasks);
	free(control);
}

int control_refuse(int hello_fd, const char *reason, struct error *err)
{
	const struct control_request request = {
		.hello_fd = hello_fd,
		.host_mounter_fd = -1,
		.tasks = LONG_MAX,
	};
	struct service none = { .session = NULL };
	struct control *control = open_for(&request, &none, reason);
	enum control_status status = CONTROL_FAILED;

	if (control)
		do
			status = control_run(control, err);
		while (status == CONTROL_SIGNAL);
	control_close(control);
	return status == CONTROL_DONE ? 0 : -1;
}
