/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A task on its way into the container.  It sends HELLO to the image server on
 * the socket that all tasks of the step inherit, with one end of a socket of
 * its own.  The answer is BUILD (to the first task), ENTER, FAILED or TOLD. The
 * task's own socket is close-on-exec: its end of file tells the server that the
 * command has started.
 *
 * With --sif-join there is no server: the task enters the container of another
 * step (join.c) and finds out the environment itself.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/caps.h"
#include "common/privileged/namespace.h"
#include "common/privileged/userns.h"
#include "spank/plugin/builder.h"
#include "spank/plugin/entry.h"
#include "spank/plugin/io/server_client.h"
#include "spank/plugin/join.h"
#include "spank/plugin/working_directory.h"

/* Leaves the task time to report why it is late. */
#define ALARM_EXTRA_S 2
/* In addition to what message_receive() returns; the reason is in *err. */
#define RECEIVED_WRONG (-2)

/* One task's way in, from its first message to the command. */
struct entry {
	const struct entry_request *request;
	struct plan_request plan; /* with the directory */
	struct deadline deadline;
	int server; /* own socket to the image server */
	struct entry_result *result;
	struct report *report;
};

static int enter_namespace(const struct entry *entry, int namespace_fd,
	struct error *err)
{
	if (entry->plan.args->userns &&
		priv_userns_enter_owner(namespace_fd, err) < 0)
		return -1;
	if (priv_caps_raise(err) < 0)
		return -1;
	return priv_namespace_enter(namespace_fd, err);
}

/*
 * A task that opens files may wait for a file system that hangs, and only a
 * fatal signal ends that.  The server's own alarm fires first, and then
 * image_server.c tells the user.
 */
static void set_alarm(const struct entry *entry)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(entry->request->timeout_s + ALARM_EXTRA_S);
}

/* --- a container of the step's own ---------------------------------------- */

static int build_own(struct entry *entry, const char *ready_us,
	struct error *err)
{
	const struct builder_request request = {
		.container = {
			.plan = entry->plan,
			.server = entry->server,
			.tasks_fds = entry->request->tasks_fds,
			.fuse_fds = entry->request->fuse_fds,
			.deadline = entry->deadline,
		},
		.started_us = entry->request->started_us,
		.ready_us = atoll(ready_us),
		.timeout_s = entry->request->timeout_s,
	};
	int built;

	entry->result->is_builder = true;
	set_alarm(entry);
	built = builder_run(&request, &entry->result->edits, entry->report,
		err);
	alarm(0);
	return built;
}

static int describe_no_answer(const struct entry *entry, int got,
	struct error *err)
{
	const struct settings *settings = entry->plan.settings;

	if (got == 0)
		error_set(err, 0,
			"the image server ended before the container of the "
			"image '%s' was complete",
			settings_image(settings));
	else if (got < 0 && errno == ETIMEDOUT)
		builder_describe_lateness(settings, entry->request->timeout_s,
			err);
	else
		error_set(err, got < 0 ? errno : EPROTO,
			"cannot receive from the image server");
	return report_common_failure(entry->request->reported, err);
}

/* The server's answer to HELLO.  SHARED comes before ENTER, and once: a server
 * that was taken over must not keep the task here. */
static int receive_answer(struct entry *entry, struct message *ret_message,
	int *ret_fd, struct error *err)
{
	CLEANUP_FD int shared_fd = -1;
	int got = message_receive(entry->server, entry->deadline, ret_message,
		&shared_fd);

	if (got != 1 || ret_message->type != MESSAGE_SHARED || shared_fd < 0) {
		*ret_fd = fd_take(&shared_fd);
		return got;
	}
	if (environment_edits_receive(shared_fd, &entry->result->edits, err) <
		0)
		return RECEIVED_WRONG;
	return message_receive(entry->server, entry->deadline, ret_message,
		ret_fd);
}

static int dispatch_answer(struct entry *entry, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct message message;
	int got = receive_answer(entry, &message, &fd, err);

	if (got == RECEIVED_WRONG)
		return -1;
	if (got == 1 && message.type == MESSAGE_BUILD)
		return build_own(entry, message.text, err);
	if (got == 1 && message.type == MESSAGE_ENTER && fd >= 0)
		return enter_namespace(entry, fd, err);
	if (got == 1 && server_client_take_failure(&message, err) < 0)
		return -1;
	return describe_no_answer(entry, got, err);
}

static int enter_own(struct entry *entry, struct error *err)
{
	entry->server = server_client_connect(entry->request->tasks_fds[0],
		entry->deadline, err);
	if (entry->server < 0)
		return report_common_failure(entry->request->reported, err);
	if (dispatch_answer(entry, err) < 0)
		return -1;
	return priv_caps_drop(err);
}

/* --- the container of another step ---------------------------------------- */

static int enter_joined(struct entry *entry, struct error *err)
{
	const struct settings *settings = entry->plan.settings;
	char *vars[CONTAINER_VARS_MAX + 1] = { NULL };
	CLEANUP_FD int namespace_fd = -1;
	int entered = -1;

	set_alarm(entry);
	namespace_fd =
		join_open("/proc", &settings_get(settings, SETTING_JOIN)->step,
			entry->plan.job, vars, err);
	if (namespace_fd < 0)
		report_common_failure(entry->request->reported, err);
	else if (enter_namespace(entry, namespace_fd, err) == 0 &&
		 priv_caps_drop(err) == 0) {
		entry->result->is_builder = true;
		report_moment(entry->report, "step joined");
		entered = environment_edits_load(settings, entry->plan.job,
			vars, entry->deadline, &entry->result->edits,
			entry->report, err);
	}
	alarm(0);
	container_vars_free(vars);
	return entered;
}

/* -------------------------------------------------------------------------- */

static int enter_container(struct entry *entry, struct error *err)
{
	const struct settings *settings = entry->plan.settings;
	struct entry_result *result = entry->result;
	int entered = settings_have_join(settings) ? enter_joined(entry, err)
						   : enter_own(entry, err);

	if (entered < 0)
		return -1;
	if (working_directory_change(settings_path(settings, SETTING_WORKDIR),
		    result->directory, entry->plan.job, result->pwd,
		    &result->moved, err) < 0)
		return report_common_failure(entry->request->reported, err);
	/* One task reports what is the same for all tasks of the node. */
	if (result->is_builder)
		report_moment(entry->report, "ready to start the command");
	return 0;
}

/*
 * Slurm 25.05.0 to 25.05.8 and 25.11.0 start tasks with SIGCHLD blocked, and a
 * shell that waits for a child in the background hangs.  A task's mask is that
 * of slurmstepd, never one that the user has chosen.
 */
static void unblock_sigchld(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int entry_run(const struct entry_request *request,
	struct entry_result *ret_result, struct report *report,
	struct error *err)
{
	struct entry_result result = { .moved = 0 };
	struct entry entry = {
		.request = request,
		.plan = request->plan,
		.deadline = deadline_in_ms(request->timeout_s * 1000L),
		.server = -1,
		.result = &result,
		.report = report,
	};

	entry.plan.directory = result.directory;
	if (!getcwd(result.directory, sizeof(result.directory)) ||
		result.directory[0] != '/')
		result.directory[0] = '\0';
	unblock_sigchld();
	if (enter_container(&entry, err) < 0) {
		entry_result_free(&result);
		cleanup_fd(&entry.server);
		return -1;
	}
	*ret_result = result; /* execve closes the socket */
	return 0;
}

void entry_result_free(struct entry_result *result)
{
	environment_edits_free(&result->edits);
}
