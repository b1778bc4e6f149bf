/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The task that builds the container, after the server has said BUILD:
 *
 *   1. build the container and enter it (container/container.c)
 *   2. give up all rights
 *   3. have the kernel read ahead what the server lists with PREFETCH
 *   4. find out what changes in the environment of all tasks
 *   5. share that (SHARED) and the namespace (BUILT), through the server
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/caps.h"
#include "spank/plugin/builder.h"
#include "spank/plugin/container/image.h"
#include "spank/plugin/io/server_client.h"
#include "spank/plugin/kernel_readahead.h"
#include "spank/plugin/settings/envp.h"

/* --- what the server says meanwhile --------------------------------------- */

/* Receive a message that is already there; it carries no descriptor. */
static int receive_now(int server, struct message *ret_message)
{
	CLEANUP_FD int unexpected_fd = -1;

	return message_receive(server, deadline_in_ms(0), ret_message,
		&unexpected_fd);
}

/* If PREFETCH is late or does not come, the command starts a little later. */
static int receive_prefetch(int server, struct report *report,
	struct error *err)
{
	struct message message;
	int count;

	if (receive_now(server, &message) != 1)
		return 0;
	if (server_client_take_failure(&message, err) < 0)
		return -1;
	if (message.type == MESSAGE_PREFETCH) {
		count = kernel_readahead(message.text);
		report_moment(report, "%d file%s read ahead", count,
			count == 1 ? " is" : "s are");
	}
	return 0;
}

/* If the server gave up, report its reason rather than the broken mount. */
static void receive_reason(int server, struct error *err)
{
	struct message message;
	int got = receive_now(server, &message);

	/* PREFETCH may come first, if receive_prefetch() was too early.  Once:
	 * a server that was taken over must not keep the task here. */
	if (got == 1 && message.type == MESSAGE_PREFETCH)
		got = receive_now(server, &message);
	if (got == 1 && message.type == MESSAGE_FAILED)
		server_client_take_failure(&message, err);
}

/* --- the environment ------------------------------------------------------ */

static bool is_writable(const char *path)
{
	return path && access(path, W_OK | X_OK) == 0;
}

/* Programs do not say which directory they miss.  If the node lacks the
 * directory as well, it is not missed because of the image. */
static void check_tmpdir(const struct environment *edits, char *const *job,
	bool node_has_tmpdir, struct report *report)
{
	const struct environment_entry *edit =
		environment_entry(edits, "TMPDIR");
	const char *path = edit ? edit->value : envp_get(job, "TMPDIR");

	if (path && *path && !is_writable(path) && (edit || node_has_tmpdir))
		report_note(report,
			"TMPDIR is '%s', where nothing can be written in the "
			"container (%s): show that directory with --sif-bind, "
			"or set another with --sif-env=TMPDIR=/tmp",
			path, strerror(errno));
}

/* -------------------------------------------------------------------------- */

/* Inside: drop all rights first, since the image's scripts may do anything;
 * announce the container last. */
static int finish_container(const struct container_request *request,
	const struct container *container, bool node_has_tmpdir,
	struct environment_edits *edits, struct report *report,
	struct error *err)
{
	CLEANUP_FD int shared_fd = -1;

	if (priv_caps_drop(err) < 0)
		return -1;
	report_moment(report, "entered, all rights given up");
	if (receive_prefetch(request->server, report, err) < 0 ||
		environment_edits_load(request->plan.settings,
			request->plan.job, container->vars, request->deadline,
			edits, report, err) < 0)
		return -1;
	check_tmpdir(&edits->list, request->plan.job, node_has_tmpdir, report);
	shared_fd = environment_edits_share(edits, err);
	if (shared_fd < 0 || server_client_send(request->server, MESSAGE_SHARED,
				     NULL, shared_fd, err) < 0)
		return -1;
	return container_announce(request, container, err);
}

static int build_container(const struct container_request *request,
	struct environment_edits *edits, struct report *report,
	struct error *err)
{
	bool has_tmpdir = is_writable(envp_get(request->plan.job, "TMPDIR"));
	struct container container;
	int built;

	if (container_build(request, &container, report, err) < 0)
		return -1;
	built = finish_container(request, &container, has_tmpdir, edits, report,
		err);
	container_free(&container);
	return built;
}

int builder_describe_lateness(const struct settings *settings, int timeout_s,
	struct error *err)
{
	return error_set(err, 0,
		"the container of the image '%s' was not complete after %d s: "
		"is the image's file system slow, or hung? (timeout= in "
		"plugstack.conf)",
		settings_image(settings), timeout_s);
}

/* The mount's error is only a consequence: a late server ends itself. */
static bool is_late(const struct container_request *request,
	const struct error *err)
{
	return (err->num == ENOTCONN || err->num == ECONNABORTED) &&
	       deadline_left_ms(request->deadline) == 0;
}

int builder_run(const struct builder_request *request,
	struct environment_edits *ret_edits, struct report *report,
	struct error *err)
{
	const struct container_request *container = &request->container;

	report_moment_at(report, request->started_us, "image servers started");
	report_moment_at(report, request->ready_us, "image server ready");
	report_moment(report, "told to build the container");
	if (build_container(container, ret_edits, report, err) == 0)
		return 0;
	receive_reason(container->server, err);
	if (is_late(container, err))
		builder_describe_lateness(container->plan.settings,
			request->timeout_s, err);
	/* If the server is gone as well, the others see that themselves. */
	message_send(container->server, MESSAGE_TOLD, NULL, -1);
	return -1;
}
