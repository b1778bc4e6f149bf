/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The step's start, seen from the image server.  One state for the container:
 *
 *   WANTED    nobody builds; the next task that says HELLO is told to
 *   BUILDING  one task does; if it dies, the next in line is told to
 *   BUILT     the others are sent the namespace, and those that come later
 *   REFUSED   there will be none: all are told, and one of them why, unless
 *             the builder knows
 *
 * A task is a socket; its end of file means that the task has started (its
 * execve closed the socket) or died.  The loop ends when no task is left and
 * none can come: all have said HELLO, or nobody holds the other end of the
 * HELLO socket.
 *
 * Until then there is one thread, which has time before the first task comes,
 * and while the builder works: it is spent on prefetch.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/message.h"
#include "common/sif.h"
#include "spank/server/control.h"
#include "spank/server/prefetch/preopen.h"
#include "spank/server/squashfs/squash.h"

enum container { WANTED, BUILDING, BUILT, REFUSED };

#define NOBODY SIZE_MAX

struct control {
	const struct control_request *request;
	enum container container;
	long expected;      /* tasks that have not said HELLO yet */
	const char *reason; /* REFUSED: for the first who asks; or NULL */
	size_t builder;     /* index of a task, or NOBODY */
	int namespace_fd;
	bool host_mounted;   /* a keeper mounts, not the builder */
	int host_mounted_fd; /* /dev/fuse of the keeper's mount; -1: not there
				yet */
	char ready_us[24];   /* when this process was, on CLOCK_MONOTONIC */
	char image_info[MESSAGE_TEXT_SIZE]; /* what READY will say, once it is
					       there */
	int shared_fd; /* what the builder lets the other tasks know, or -1 */
	bool owned;    /* all files shall be the user's */
	bool sealed;   /* and served by a child, if there can be one */
	struct affinity affinity; /* before: with the builder */
	/* What was opened before the builder came, if the builder's is that. */
	struct preopen preopen;
	struct squash *image;
	struct rings *rings; /* for the first file system; then NULL */
	struct session *fs;
	/* The HELLO socket, the file system, the keeper, then the tasks. */
	struct pollfd *polled;
	size_t count;
};

enum { POLL_HELLO, POLL_FS, POLL_HOST_MOUNTER, POLL_TASKS };

static bool is_server(const struct control *control)
{
	return control->request->supervisor &&
	       control->request->supervisor->role == ROLE_SERVER;
}

static int add_polled(struct control *control, int fd)
{
	size_t size = (control->count + 1) * sizeof(*control->polled);
	struct pollfd *polled = realloc(control->polled, size);

	if (!polled)
		return -1;
	polled[control->count++] =
		(struct pollfd){ .fd = fd, .events = POLLIN };
	control->polled = polled;
	return 0;
}

/* Who cannot be told has died, as a rule: his end of file follows. */
static int send_to(struct control *control, size_t task, enum message_type type,
	const char *text, int fd)
{
	return message_send(control->polled[task].fd, type, text, fd);
}

/* Or there is no memory for it, or too many descriptors are under way: then a
 * task that is hung up on says so, and does not start with half of what it
 * needs, or wait. */
static bool send_or_hang_up(struct control *control, size_t task,
	enum message_type type, const char *text, int fd)
{
	if (send_to(control, task, type, text, fd) == 0)
		return true;
	cleanup_fd(&control->polled[task].fd);
	return false;
}

/* What the container's state means for a task that waits. */
static void answer(struct control *control, size_t task)
{
	switch (control->container) {
	case WANTED:
		if (!send_or_hang_up(control, task, MESSAGE_BUILD,
			    control->ready_us, -1))
			break;
		control->container = BUILDING;
		control->builder = task;
		alarm(control->request->timeout_s + CONTROL_EXTRA_S);
		break;
	case BUILDING:
		break;
	case BUILT:
		if (control->shared_fd < 0 ||
			send_or_hang_up(control, task, MESSAGE_SHARED, NULL,
				control->shared_fd))
			send_or_hang_up(control, task, MESSAGE_ENTER, NULL,
				control->namespace_fd);
		break;
	case REFUSED:
		send_or_hang_up(control, task, MESSAGE_FAILED, control->reason,
			-1);
		control->reason = NULL;
		break;
	}
}

static void answer_all(struct control *control)
{
	size_t task;

	for (task = POLL_TASKS; task < control->count; task++)
		if (task != control->builder && control->polled[task].fd >= 0)
			answer(control, task);
}

/* The builder has ended its part, one way or the other. */
static void settle(struct control *control, enum container container)
{
	alarm(0);
	/* scancel may send the tasks this one, too. */
	if (container == BUILT)
		signal(SIGALRM, SIG_IGN);
	control->container = container;
	control->builder = NOBODY;
}

static void stop_fs(struct control *control)
{
	/* The prefetch may be of this image. */
	preopen_discard(&control->preopen);
	affinity_restore(&control->affinity);
	/* Threads with rings end with the mount, and need both until then. */
	if (!session_has_rings(control->fs)) {
		session_close(control->fs);
		squash_close(control->image);
	}
	if (control->request->supervisor &&
		control->request->supervisor->role == ROLE_SUPERVISOR)
		supervisor_forget(control->request->supervisor);
	control->fs = NULL;
	control->image = NULL;
	control->sealed = false;
	control->polled[POLL_FS].fd = -1;
}

/* What tasks are told of the image: KEY=VALUE words. */
static void describe(struct control *control, int image_fd,
	const struct sif_partition *partition)
{
	char uuid[SIF_UUID_SIZE], rings[32] = "", overlays[32] = "";

	sif_read_uuid(image_fd, uuid);
	/* Without, requests come by /dev/fuse. */
	if (rings_count(control->rings) > 0)
		snprintf(rings, sizeof(rings), " rings=%d",
			rings_count(control->rings));
	if (partition->overlays > 0)
		snprintf(overlays, sizeof(overlays), " overlays=%u",
			partition->overlays);
	snprintf(control->image_info, sizeof(control->image_info),
		"offset=%llu size=%llu compression=%s%s%s%s%s",
		(unsigned long long)partition->offset,
		(unsigned long long)partition->size,
		sif_compression_name(partition->compression), overlays, rings,
		*uuid ? " uuid=" : "", uuid);
}

/* With a keeper READY means that the image is mounted, too. */
static void send_ready(struct control *control)
{
	if (control->builder != NOBODY && control->image &&
		(!control->host_mounted || control->host_mounted_fd >= 0))
		send_to(control, control->builder, MESSAGE_READY,
			control->image_info, -1);
}

static int open_image(struct control *control, const char *kind, int *image_fd,
	struct error *err)
{
	bool is_owned_data = strcmp(kind, MESSAGE_OWNED_DATA) == 0;
	enum sif_purpose purpose =
		is_owned_data || strcmp(kind, MESSAGE_DATA) == 0 ? SIF_DATA
								 : SIF_ROOT;
	struct sif_partition partition;

	if (*image_fd < 0 || control->image)
		return error_set(err, EPROTO, "unexpected message");
	control->owned = is_owned_data || strcmp(kind, MESSAGE_OWNED) == 0;
	if (sif_find(*image_fd, purpose, sif_machine(), &partition, err) < 0)
		return -1;
	describe(control, *image_fd, &partition);
	if (purpose == SIF_ROOT)
		control->image = preopen_take(&control->preopen, *image_fd);
	if (!control->image) {
		preopen_discard(&control->preopen);
		if (session_open_image(image_fd, &partition,
			    control->request->options, &control->image,
			    err) < 0)
			return -1;
	}
	send_ready(control);
	return 0;
}

static int take_shared(struct control *control, int *shared_fd,
	struct error *err)
{
	if (*shared_fd < 0 || control->shared_fd >= 0)
		return error_set(err, EPROTO, "unexpected message");
	control->shared_fd = fd_take(shared_fd);
	return 0;
}

static int start_fs(struct control *control, const char *cpu, int *fuse_fd,
	struct error *err)
{
	bool has_rings = rings_count(control->rings) > 0;

	if (control->host_mounted && *fuse_fd < 0)
		*fuse_fd = fd_take(&control->host_mounted_fd);
	if (*fuse_fd < 0 || !control->image || control->fs)
		return error_set(err, EPROTO, "unexpected message");
	if (session_open(control->image, fuse_fd, &control->rings, &control->fs,
		    err) < 0)
		return -1;
	if (control->owned)
		session_set_owner(control->fs);
	control->polled[POLL_FS].fd = session_fd(control->fs);
	/* Rings have a thread on that CPU, and on all others; and prefetch
	 * would take it from the builder. */
	if (!has_rings && !control->preopen.prefetch)
		affinity_move(&control->affinity, atoi(cpu));
	return 0;
}

/* From here on a child serves, and in that this returns as well; but requests
 * in rings of this process can be answered by no other. */
static int seal(struct control *control, struct error *err)
{
	struct supervisor *supervisor = control->request->supervisor;

	if (!control->fs || control->sealed)
		return error_set(err, EPROTO, "unexpected message");
	session_seal(control->fs);
	control->sealed = true;
	affinity_restore(&control->affinity);
	preopen_finish(&control->preopen);
	if (control->preopen.files[0])
		send_to(control, control->builder, MESSAGE_PREFETCH,
			control->preopen.files, -1);
	if (!session_has_rings(control->fs))
		supervisor_start(supervisor, session_can_resend(control->fs));
	if (supervisor->role == ROLE_SUPERVISOR) {
		control->polled[POLL_FS].fd = -1;
		session_drop_cache(control->fs);
	}
	return 0;
}

static int complete(struct control *control, int *namespace_fd,
	struct error *err)
{
	if (*namespace_fd < 0 || !control->fs)
		return error_set(err, EPROTO, "unexpected message");
	if (!control->sealed && seal(control, err) < 0)
		return -1;
	control->namespace_fd = fd_take(namespace_fd);
	settle(control, BUILT);
	return 0;
}

/* Who reads from a file system that is not served must not wait. */
static void check_server(struct control *control)
{
	struct supervisor *supervisor = control->request->supervisor;

	if (!supervisor)
		return;
	supervisor_check(supervisor, false);
	if (supervisor->role == ROLE_ENDED)
		stop_fs(control);
}

/* -1 with what the builder shall tell the user. */
static int handle(struct control *control, const struct message *message,
	int *fd, struct error *err)
{
	switch (message->type) {
	case MESSAGE_IMAGE:
		return open_image(control, message->text, fd, err);
	case MESSAGE_SHARED:
		return take_shared(control, fd, err);
	case MESSAGE_MOUNT:
		return start_fs(control, message->text, fd, err);
	case MESSAGE_SEALED:
		return seal(control, err);
	case MESSAGE_BUILT:
		return complete(control, fd, err);
	default:
		return -1; /* the builder tells the user itself */
	}
}

static void drop_task(struct control *control, size_t task)
{
	bool was_host_mounted = control->host_mounted && control->fs;

	cleanup_fd(&control->polled[task].fd);
	if (task != control->builder)
		return;
	/* It died: what it had begun ends with its namespace. */
	stop_fs(control);
	supervisor_forget(control->request->supervisor);
	cleanup_fd(&control->shared_fd);
	if (was_host_mounted)
		control->reason = "the first task ended while it built the "
				  "container";
	settle(control, was_host_mounted ? REFUSED : WANTED);
	answer_all(control);
}

static void dispatch(struct control *control, const struct message *message,
	int *fd)
{
	struct error err = { 0 };

	if (handle(control, message, fd, &err) < 0) {
		send_to(control, control->builder, MESSAGE_FAILED, err.text,
			-1);
		stop_fs(control);
		settle(control, REFUSED);
	}
	if (control->container != BUILDING && !is_server(control))
		answer_all(control);
}

/* -1 if the builder, who goes on by what it has said, has not been heard. */
static int receive_task(struct control *control, size_t task, struct error *err)
{
	struct message message;
	CLEANUP_FD int fd = -1;
	int got = message_receive(control->polled[task].fd, deadline_in_ms(0),
		&message, &fd);

	if (got < 0 && errno != EPROTO && task == control->builder)
		return error_set(err, errno, "cannot hear the first task");
	if (got == 1 && task == control->builder)
		dispatch(control, &message, &fd);
	else
		drop_task(control, task);
	return 0;
}

/* There will be no mount: the builder, or else the first task, says why. */
static void refuse_host_mount(struct control *control, const char *reason)
{
	if (control->container == BUILT || control->container == REFUSED)
		return;
	snprintf(control->image_info, sizeof(control->image_info), "%s",
		reason);
	if (control->builder != NOBODY)
		send_to(control, control->builder, MESSAGE_FAILED,
			control->image_info, -1);
	else
		control->reason = control->image_info;
	stop_fs(control);
	settle(control, REFUSED);
	answer_all(control);
}

/* Its one message; its end of file is of no matter once it has mounted. */
static void receive_host_mounter(struct control *control)
{
	struct message message;
	CLEANUP_FD int fd = -1;
	int got = message_receive(control->polled[POLL_HOST_MOUNTER].fd,
		deadline_in_ms(0), &message, &fd);

	if (got == 1 && message.type == MESSAGE_MOUNT && fd >= 0 &&
		control->host_mounted_fd < 0 && !control->fs) {
		control->host_mounted_fd = fd_take(&fd);
		send_ready(control);
		return;
	}
	cleanup_fd(&control->polled[POLL_HOST_MOUNTER].fd);
	if (got == 1 && message.type == MESSAGE_FAILED)
		refuse_host_mount(control, message.text);
	else if (control->host_mounted_fd < 0 && !control->fs)
		refuse_host_mount(control,
			"the keeper of the mount on the host "
			"(mount=host) has ended");
}

static void receive_hello(struct control *control)
{
	struct message message;
	CLEANUP_FD int fd = -1;
	int got = message_receive(control->polled[POLL_HELLO].fd,
		deadline_in_ms(0), &message, &fd);

	if (got == 0)
		cleanup_fd(&control->polled[POLL_HELLO].fd);
	/* Anything else is not of ours: its sender sees an end of file. */
	if (got != 1 || message.type != MESSAGE_HELLO || fd < 0)
		return;
	if (add_polled(control, fd) == 0) {
		fd_take(&fd);
		answer(control, control->count - 1);
	}
	/* slurmstepd may still hold the other end (contain_spank). */
	if (--control->expected == 0)
		cleanup_fd(&control->polled[POLL_HELLO].fd);
}

static bool has_tasks(const struct control *control)
{
	size_t i;

	for (i = POLL_HELLO; i < control->count; i++)
		if (i != POLL_FS && i != POLL_HOST_MOUNTER &&
			control->polled[i].fd >= 0)
			return true;
	return false;
}

/* The mount goes with its builder. */
static int serve_request(struct control *control, struct error *err)
{
	int served = session_serve_one(control->fs);

	if (served < 0)
		return error_set(err, errno, "cannot read requests");
	if (served == 0)
		stop_fs(control);
	return 0;
}

static int receive_all(struct control *control, struct error *err)
{
	size_t task, count;

	if (control->polled[POLL_FS].revents && serve_request(control, err) < 0)
		return -1;
	if (control->polled[POLL_HOST_MOUNTER].revents)
		receive_host_mounter(control);
	count = control->count;
	if (control->polled[POLL_HELLO].revents)
		receive_hello(control);
	for (task = POLL_TASKS; task < count && !is_server(control); task++)
		if (control->polled[task].fd >= 0 &&
			control->polled[task].revents &&
			receive_task(control, task, err) < 0)
			return -1;
	return 0;
}

static int run(struct control *control, struct error *err)
{
	static const struct timespec at_once;
	sigset_t none;
	int ready;

	sigemptyset(&none);
	while (has_tasks(control) && !is_server(control)) {
		ready = ppoll(control->polled, control->count,
			control->preopen.prefetch ? &at_once : NULL, &none);
		if (ready < 0 && errno != EINTR)
			return error_set(err, errno, "cannot poll");
		if (ready < 0)
			check_server(control); /* SIGCHLD */
		else if (ready == 0)
			preopen_step(&control->preopen);
		else if (receive_all(control, err) < 0)
			return -1;
	}
	return 0;
}

/* Returns with nobody left, or none that can be heard; or in the server. */
static int start(struct control *control, struct error *err)
{
	const struct control_request *request = control->request;

	control->builder = NOBODY;
	control->namespace_fd = -1;
	control->shared_fd = -1;
	control->host_mounted_fd = -1;
	control->expected = request->tasks;
	control->host_mounted = request->host_mounter_fd >= 0;
	if (add_polled(control, request->hello_fd) < 0 ||
		add_polled(control, -1) < 0 ||
		add_polled(control, request->host_mounter_fd) < 0)
		return error_set(err, 0, "cannot allocate memory");
	snprintf(control->ready_us, sizeof(control->ready_us), "%lld",
		(long long)deadline_now_us());
	return run(control, err);
}

static void hang_up(struct control *control, const struct error *err)
{
	size_t i;

	if (control->builder != NOBODY)
		send_to(control, control->builder, MESSAGE_FAILED, err->text,
			-1);
	if (control->count > POLL_FS)
		stop_fs(control);
	for (i = POLL_HELLO; i < control->count; i++)
		cleanup_fd(&control->polled[i].fd);
}

/* Only the step's processes keep the namespace, the keeper unmounts, and the
 * tasks hear the supervisor alone. */
static void close_all(struct control *control)
{
	size_t i;

	cleanup_fd(&control->namespace_fd);
	cleanup_fd(&control->shared_fd);
	cleanup_fd(&control->host_mounted_fd);
	for (i = 0; i < control->count; i++)
		if (i != POLL_FS)
			cleanup_fd(&control->polled[i].fd);
	free(control->polled);
	preopen_discard(&control->preopen);
}

int control_run(const struct control_request *request, struct session **ret_fs,
	struct error *err)
{
	struct control control = {
		.request = request,
		.container = WANTED,
		.rings = request->rings,
	};
	CLEANUP_FD int image_fd = request->image_fd;
	int rc;

	preopen_start(&control.preopen, &image_fd, request->command,
		request->options);
	rc = start(&control, err);
	/* Nobody waits for who does not answer any more. */
	if (rc < 0)
		hang_up(&control, err);
	close_all(&control);
	*ret_fs = NULL;
	if (is_server(&control) || (rc == 0 && control.container == BUILT))
		*ret_fs = control.fs;
	rings_close(control.rings);
	return rc;
}

int control_refuse(int hello_fd, const char *reason, struct error *err)
{
	const struct control_request request = {
		.hello_fd = hello_fd,
		.host_mounter_fd = -1,
		.tasks = LONG_MAX,
	};
	struct control control = {
		.request = &request,
		.container = REFUSED,
		.reason = reason,
	};
	int rc = start(&control, err);

	free(control.polled);
	return rc;
}
