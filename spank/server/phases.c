/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The container of a step is built by one of its tasks, the builder.  The table
 * below says for each phase what an event does and which phase follows; the
 * actions it names come first.
 *
 * An action returns 0 to go on to the next phase of its row, STAY to remain in
 * this one, or -1 with an error, which refuses the container.  No action opens
 * a file, forks or waits.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "spank/server/phases.h"

#define STAY 1

typedef int action(struct phases *phases, const struct input *input,
	struct error *err);

/* --- answers to tasks ----------------------------------------------------- */

/* If the task has died meanwhile, the next one is told to build. */
static int send_build(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)err;
	if (!tasks_answer(phases->tasks, input->task, MESSAGE_BUILD,
		    phases->ready_us, -1))
		return STAY;
	phases->task = input->task;
	alarm(phases->timeout_s + BUILDER_EXTRA_S);
	return 0;
}

static int send_enter(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)err;
	if (phases->shared_fd < 0 ||
		tasks_answer(phases->tasks, input->task, MESSAGE_SHARED, NULL,
			phases->shared_fd))
		tasks_answer(phases->tasks, input->task, MESSAGE_ENTER, NULL,
			phases->namespace_fd);
	return 0;
}

/* One task tells the user.  If it has died meanwhile, the next one is told. */
static int send_refusal(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)err;
	if (phases->is_told)
		tasks_answer(phases->tasks, input->task, MESSAGE_TOLD, NULL,
			-1);
	else
		phases->is_told = tasks_answer(phases->tasks, input->task,
			MESSAGE_FAILED, phases->reason, -1);
	return 0;
}

static int send_ready(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)input;
	(void)err;
	tasks_send(phases->tasks, phases->task, MESSAGE_READY,
		phases->service->image_info, -1);
	return 0;
}

/* --- messages of the builder ---------------------------------------------- */

static int unexpected(struct error *err)
{
	return error_set(err, EPROTO, "unexpected message");
}

static int keep_layer(struct phases *phases, const struct input *input,
	struct error *err)
{
	if (*input->fd < 0)
		return unexpected(err);
	return service_add_layer(phases->service, input->fd, err);
}

static int open_image(struct phases *phases, const struct input *input,
	struct error *err)
{
	struct image_use use;

	if (*input->fd < 0 || !image_use_parse(input->text, &use))
		return unexpected(err);
	return service_open_image(phases->service, &use, input->fd, err);
}

static int start_service(struct phases *phases, const struct input *input,
	struct error *err)
{
	if (*input->fd < 0)
		*input->fd = fd_take(&phases->host_mounted_fd);
	if (*input->fd < 0)
		return unexpected(err);
	return service_start(phases->service, input->text, input->fd, err);
}

static int seal_image(struct phases *phases, const struct input *input,
	struct error *err)
{
	const char *files;

	(void)input;
	(void)err;
	service_seal(phases->service);
	phases->is_forking = true;
	files = service_prefetched(phases->service);
	if (files[0])
		tasks_send(phases->tasks, phases->task, MESSAGE_PREFETCH, files,
			-1);
	return 0;
}

static int keep_shared(struct phases *phases, const struct input *input,
	struct error *err)
{
	if (*input->fd < 0)
		return unexpected(err);
	phases->shared_fd = fd_take(input->fd);
	return 0;
}

static int complete_container(struct phases *phases, const struct input *input,
	struct error *err)
{
	if (*input->fd < 0)
		return unexpected(err);
	phases->namespace_fd = fd_take(input->fd);
	/* From now on scancel may send SIGALRM to the tasks, and to this
	 * process with them. */
	signal(SIGALRM, SIG_IGN);
	return 0;
}

static int leave_it_to_builder(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)input;
	(void)err;
	phases->is_told = true;
	return 0;
}

/* Nothing is ever made in a further image, so its builder does not say SEALED.
 */
static int seal_and_complete(struct phases *phases, const struct input *input,
	struct error *err)
{
	if (*input->fd < 0)
		return unexpected(err);
	seal_image(phases, input, err);
	return complete_container(phases, input, err);
}

/* --- ends ----------------------------------------------------------------- */

static int stop_service(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)input;
	(void)err;
	service_stop(phases->service);
	phases->is_forking = false;
	return 0;
}

/* The builder died: what it began ends with its namespace. */
static int abandon_build(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)input;
	(void)err;
	service_abandon(phases->service);
	phases->is_forking = false;
	cleanup_fd(&phases->shared_fd);
	return 0;
}

/* A connection is mounted once.  Only the builder's own mount can be made
 * again by another task. */
static int abandon_mount(struct phases *phases, const struct input *input,
	struct error *err)
{
	abandon_build(phases, input, err);
	if (phases->host_mount == HOST_MOUNT_NONE)
		return 0;
	return error_set(err, 0,
		"the first task ended while it built the container");
}

static int fail_container(struct phases *phases, const struct input *input,
	struct error *err)
{
	(void)phases;
	return error_set(err, 0, "%s", input->text);
}

/* --- the table ------------------------------------------------------------ */

struct transition {
	action *action; /* NULL: see phases_step() */
	enum phase next;
};

#define ON(event, action, next) [event] = { action, next }

/* What ends the building in each phase of it; `abandon` differs. */
#define ENDS(abandon)                                     \
	ON(MESSAGE_TOLD, leave_it_to_builder, REFUSED),   \
		ON(EVENT_ERROR, fail_container, REFUSED), \
		ON(EVENT_END, abandon, WANTED)

static const struct transition table[PHASES][EVENTS] = {
	[WANTED] = {
		ON(EVENT_TASK, send_build, BUILDING),
		ON(EVENT_ERROR, fail_container, REFUSED),
	},
	[BUILDING] = {
		ON(MESSAGE_LAYER, keep_layer, BUILDING),
		ON(MESSAGE_IMAGE, open_image, OPENED),
		ENDS(abandon_build),
	},
	[OPENED] = {
		ON(EVENT_MOUNTABLE, send_ready, READY),
		ENDS(abandon_build),
	},
	[READY] = {
		ON(MESSAGE_MOUNT, start_service, SERVING),
		ENDS(abandon_build),
	},
	[SERVING] = {
		ON(MESSAGE_SEALED, seal_image, SEALED),
		ON(MESSAGE_BUILT, seal_and_complete, BUILT),
		ON(EVENT_UNMOUNTED, stop_service, LOST),
		ENDS(abandon_mount),
	},
	[SEALED] = {
		ON(MESSAGE_SHARED, keep_shared, SHARED),
		ON(MESSAGE_BUILT, complete_container, BUILT),
		ON(EVENT_UNMOUNTED, stop_service, LOST),
		ENDS(abandon_mount),
	},
	[SHARED] = {
		ON(MESSAGE_BUILT, complete_container, BUILT),
		ON(EVENT_UNMOUNTED, stop_service, LOST),
		ENDS(abandon_mount),
	},
	[LOST] = {
		ENDS(abandon_mount),
	},
	[BUILT] = {
		ON(EVENT_TASK, send_enter, BUILT),
		ON(EVENT_UNMOUNTED, stop_service, BUILT),
	},
	[REFUSED] = {
		ON(EVENT_TASK, send_refusal, REFUSED),
	},
};

/* --- one step ------------------------------------------------------------- */

static bool is_building(enum phase phase)
{
	return phase != WANTED && phase != BUILT && phase != REFUSED;
}

static void answer_waiting(struct phases *phases)
{
	struct input input = { .task = POLL_TASKS };

	for (; input.task < phases->tasks->count; input.task++)
		if (phases->tasks->is_waiting[input.task])
			phases_step(phases, EVENT_TASK, &input);
}

/* Either the builder tells the user why, or the first task that can be told. */
static void give_reason(struct phases *phases, const struct error *err)
{
	phases->is_told = phases->task != NO_TASK &&
			  tasks_has(phases->tasks, phases->task) &&
			  tasks_send(phases->tasks, phases->task,
				  MESSAGE_FAILED, err->text, -1) == 0;
	snprintf(phases->reason, sizeof(phases->reason), "%s", err->text);
}

/* All tasks that wait get their answer where a phase of the builder ends. */
static void enter_phase(struct phases *phases, enum phase phase)
{
	enum phase before = phases->phase;

	phases->phase = phase;
	if (phase == REFUSED && before != REFUSED)
		stop_service(phases, NULL, NULL);
	if (phase == before || is_building(phase))
		return;
	alarm(0);
	phases->task = NO_TASK;
	answer_waiting(phases);
}

/* What the table does not have: a message of the builder refuses the container;
 * any other event has to wait or does not matter. */
static bool is_ignored(int event)
{
	return event > MESSAGE_LAST;
}

void phases_step(struct phases *phases, int event, const struct input *input)
{
	const struct transition *transition = &table[phases->phase][event];
	struct error err = { 0 };
	int rc = 0;

	if (!transition->action && is_ignored(event))
		return;
	if (!transition->action)
		rc = unexpected(&err);
	else
		rc = transition->action(phases, input, &err);
	if (rc == STAY)
		return;
	if (rc < 0)
		give_reason(phases, &err);
	enter_phase(phases, rc < 0 ? REFUSED : transition->next);
	if (phases->phase == OPENED && phases->host_mount != HOST_MOUNT_AWAITED)
		phases_step(phases, EVENT_MOUNTABLE, input);
}

void phases_open(struct phases *phases, struct tasks *tasks,
	struct service *service, const char *reason)
{
	*phases = (struct phases){
		.phase = reason ? REFUSED : WANTED,
		.task = NO_TASK,
		.host_mounted_fd = -1,
		.namespace_fd = -1,
		.shared_fd = -1,
		.tasks = tasks,
		.service = service,
	};
	snprintf(phases->ready_us, sizeof(phases->ready_us), "%lld",
		(long long)deadline_now_us());
	snprintf(phases->reason, sizeof(phases->reason), "%s",
		reason ? reason : "");
}

void phases_close(struct phases *phases)
{
	cleanup_fd(&phases->host_mounted_fd);
	cleanup_fd(&phases->namespace_fd);
	cleanup_fd(&phases->shared_fd);
}
