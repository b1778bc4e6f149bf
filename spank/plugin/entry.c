/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A task on its way into the container.  It says HELLO to the image server on
 * the socket that all tasks of the step inherit, with one end of a socket of
 * its own; the answer is BUILD (the first task), ENTER, or FAILED.  That own
 * socket is close-on-exec: its end of file tells the server "started".
 *
 * The builder also finds out what changes in the environment of every task,
 * once it is inside and has no rights left, and shares that in a memfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/privileged/caps.h"
#include "common/privileged/namespace.h"
#include "common/privileged/userns.h"
#include "spank/plugin/container/container.h"
#include "spank/plugin/container/image.h"
#include "spank/plugin/entry.h"
#include "spank/plugin/environment/image_environment.h"
#include "spank/plugin/io/server_client.h"
#include "spank/plugin/join.h"
#include "spank/plugin/kernel_readahead.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/list.h"

/* So that a task which can still speak has the time to. */
#define BUILDER_EXTRA_S 2
/* Beside what message_receive() returns; the reason is in *err. */
#define RECEIVED_WRONG (-2)

/* One task's way in, from the first word to the last. */
struct entry {
	const struct task_request *request;
	struct plan_request plan; /* with the directory */
	struct deadline deadline;
	int server; /* own socket to the image server */
	struct task *task;
	struct report *report;
	bool has_tmpdir; /* the node has the directory of the job's TMPDIR */
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
 * The builder opens files of the user's, whose file system may hang.  Nothing
 * but a fatal signal ends such a wait; the server, whose own alarm rings
 * first, is then what tells the user (image_server.c).
 */
static void set_alarm(int seconds)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	alarm(seconds);
}

/* --- the environment ------------------------------------------------------ */

/* Inside, and without rights: the image's scripts may be anything. */
static int load_environment(struct entry *entry, char *const *vars,
	struct error *err)
{
	const struct settings *settings = entry->plan.settings;
	CLEANUP_FREE char *items = strdup(settings_get(settings, SETTING_ENV));
	char *options[SETTINGS_ENV_MAX + 1] = { NULL }, *rest = items;
	struct image_environment_report found;
	const struct environment_request request = {
		.job = entry->plan.job,
		.clean = settings_is(settings, SETTING_CLEANENV, "yes"),
		.options = options,
		.container_vars = vars,
		.setters = entry->report->debug ? &entry->task->setters : NULL,
	};
	int loaded;
	size_t i;

	if (settings_check_count(settings, err) < 0)
		return -1;
	for (i = 0; i < SETTINGS_ENV_MAX && (options[i] = list_next(&rest));
		i++)
		;
	loaded = image_environment_load(&request, entry->deadline,
		&entry->task->edits, &found, err);
	image_messages_report(&found.messages, entry->report);
	if (found.hint.text[0])
		report_note_alike(entry->report, "%s", found.hint.text);
	report_moment(entry->report,
		"environment: %zu script%s of the image %s%s, %zu line%s "
		"skipped",
		found.scripts, found.scripts == 1 ? "" : "s",
		found.shell ? "run by " : "read",
		found.shell ? found.shell : "", found.skipped_lines,
		found.skipped_lines == 1 ? "" : "s");
	return loaded;
}

/* A memfd that nobody can change any more; owned by the caller. */
static int share_environment(const struct environment *edits, struct error *err)
{
	CLEANUP_FD int fd =
		memfd_create("spank-sif", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	CLEANUP_FREE char *bytes = NULL;
	size_t size = 0;

	if (environment_pack(edits, &bytes, &size, err) < 0)
		return -1;
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
				F_SEAL_WRITE) < 0)
		return error_set(err, errno,
			"cannot share the environment with other tasks");
	return fd_take(&fd);
}

/* It came from a process of this user's: see environment_unpack(). */
static int take_environment(struct entry *entry, int shared_fd,
	struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	struct stat status;

	if (fstat(shared_fd, &status) < 0 || status.st_size < 0 ||
		status.st_size > ENVIRONMENT_SIZE_MAX)
		return error_set(err, EPROTO, "cannot take the environment");
	bytes = malloc(status.st_size + 1);
	if (!bytes ||
		pread(shared_fd, bytes, status.st_size, 0) != status.st_size)
		return error_set(err, errno, "cannot take the environment");
	return environment_unpack(bytes, status.st_size, ENVIRONMENT_IMAGE,
		&entry->task->edits, err);
}

/* --- building and entering ------------------------------------------------ */

/* What the server has said already; it sends no descriptor with that. */
static int receive_now(int server, struct message *ret_message)
{
	CLEANUP_FD int unexpected_fd = -1;

	return message_receive(server, deadline_in_ms(0), ret_message,
		&unexpected_fd);
}

/* Without this, or if it is late, the command starts a little later. */
static int receive_prefetch(const struct entry *entry, struct error *err)
{
	struct message message;
	int count;

	if (receive_now(entry->server, &message) != 1)
		return 0;
	if (message.type == MESSAGE_FAILED)
		return error_set(err, 0, "%s", message.text);
	if (message.type == MESSAGE_PREFETCH) {
		count = kernel_readahead(message.text);
		report_moment(entry->report, "%d file%s read ahead", count,
			count == 1 ? " is" : "s are");
	}
	return 0;
}

/* Where the server gave up, its reason is nearer to the cause than the broken
 * mount that the builder has met. */
static void receive_reason(int server, struct error *err)
{
	struct message message;
	int got = receive_now(server, &message);

	/* Before it there may be what receive_prefetch() was too early for;
	 * once: a server that has been taken over shall not keep the task at
	 * it. */
	if (got == 1 && message.type == MESSAGE_PREFETCH)
		got = receive_now(server, &message);
	if (got == 1 && message.type == MESSAGE_FAILED && message.text[0])
		error_set(err, 0, "%s", message.text);
}

/* Programs do not say which directory it is that they miss.  One that the node
 * lacks as well is not missed because of the image. */
static void check_tmpdir(const struct entry *entry)
{
	const struct environment_entry *edit =
		environment_entry(&entry->task->edits, "TMPDIR");
	const char *path =
		edit ? edit->value : envp_get(entry->plan.job, "TMPDIR");

	if (path && *path && access(path, W_OK | X_OK) < 0 &&
		(edit || entry->has_tmpdir))
		report_note(entry->report,
			"TMPDIR is '%s', where nothing can be written in the "
			"container (%s): show that directory with --sif-bind, "
			"or set another with --sif-env=TMPDIR=/tmp",
			path, strerror(errno));
}

/* The container stands; give up all rights, then let the others in. */
static int finish_container(struct entry *entry,
	const struct container_request *request, struct container *container,
	struct error *err)
{
	CLEANUP_FD int shared_fd = -1;

	if (priv_caps_drop(err) < 0)
		return -1;
	report_moment(entry->report, "entered, all rights given up");
	if (receive_prefetch(entry, err) < 0)
		return -1;
	if (load_environment(entry, container->vars, err) < 0)
		return -1;
	check_tmpdir(entry);
	shared_fd = share_environment(&entry->task->edits, err);
	if (shared_fd < 0 || image_send_message(entry->server, MESSAGE_SHARED,
				     NULL, shared_fd, err) < 0)
		return -1;
	return container_announce(request, container, err);
}

static int build_container(struct entry *entry, struct error *err)
{
	const struct container_request request = {
		.plan = entry->plan,
		.server = entry->server,
		.tasks_fds = entry->request->tasks_fds,
		.fuse_fds = entry->request->fuse_fds,
		.deadline = entry->deadline,
	};
	struct container container;
	int built;

	if (container_build(&request, &container, entry->report, err) < 0)
		return -1;
	built = finish_container(entry, &request, &container, err);
	container_free(&container);
	return built;
}

static int describe_lateness(const struct entry *entry, struct error *err)
{
	return error_set(err, 0,
		"the container of the image '%s' was not complete after %d s: "
		"is the image's file system slow, or hung? (timeout= in "
		"plugstack.conf)",
		settings_get(entry->plan.settings, SETTING_IMAGE),
		entry->request->timeout_s);
}

/* The server ends itself when it is late, and with it the mount: what the
 * builder was doing with that is no reason. */
static bool is_late(const struct entry *entry, const struct error *err)
{
	return (err->num == ENOTCONN || err->num == ECONNABORTED) &&
	       deadline_left_ms(entry->deadline) == 0;
}

/* Tell the server of a failure, and by that the other tasks. */
static int run_builder(struct entry *entry, const char *ready_us,
	struct error *err)
{
	const char *tmpdir;
	int built;

	entry->task->is_builder = true;
	report_moment_at(entry->report, entry->request->started_us,
		"image servers started");
	report_moment_at(entry->report, atoll(ready_us), "image server ready");
	report_moment(entry->report, "told to build the container");
	set_alarm(entry->request->timeout_s + BUILDER_EXTRA_S);
	tmpdir = envp_get(entry->plan.job, "TMPDIR");
	entry->has_tmpdir = tmpdir && access(tmpdir, W_OK | X_OK) == 0;
	built = build_container(entry, err);
	if (built < 0)
		receive_reason(entry->server, err);
	if (built < 0 && is_late(entry, err))
		describe_lateness(entry, err);
	alarm(0);
	if (built == 0)
		return 0;
	/* If the server is gone as well, the others see that themselves. */
	message_send(entry->server, MESSAGE_FAILED, NULL, -1);
	return -1;
}

static int describe_no_answer(const struct entry *entry, int got,
	struct error *err)
{
	const char *image = settings_get(entry->plan.settings, SETTING_IMAGE);

	if (got == 0)
		error_set(err, 0,
			"the image server ended before the container of the "
			"image '%s' was complete",
			image);
	else if (errno == ETIMEDOUT)
		describe_lateness(entry, err);
	else
		error_set(err, errno, "cannot hear the image server");
	return report_common_failure(entry->request->reported, err);
}

/* The next word of the server's.  What it shares comes before ENTER, and once:
 * a server that has been taken over shall not keep the task at it. */
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
	if (take_environment(entry, shared_fd, err) < 0)
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
		return run_builder(entry, message.text, err);
	if (got == 1 && message.type == MESSAGE_ENTER && fd >= 0)
		return enter_namespace(entry, fd, err);
	if (got == 1 && message.type == MESSAGE_FAILED)
		return error_set(err, 0, "%s", message.text);
	return describe_no_answer(entry, got, err);
}

/* A container of the step's own. */
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

/* That of another step. */
static int enter_joined(struct entry *entry, struct error *err)
{
	char *vars[CONTAINER_VARS_MAX + 1] = { NULL };
	CLEANUP_FD int namespace_fd =
		join_open(settings_get(entry->plan.settings, SETTING_JOIN),
			entry->plan.job, vars, err);
	int entered = -1;

	if (namespace_fd < 0)
		report_common_failure(entry->request->reported, err);
	else if (enter_namespace(entry, namespace_fd, err) == 0 &&
		 priv_caps_drop(err) == 0) {
		entry->task->is_builder = true;
		report_moment(entry->report, "step joined");
		entered = load_environment(entry, vars, err);
	}
	container_vars_free(vars);
	return entered;
}

/* --- the working directory ------------------------------------------------ */

/*
 * Back to where the step was, by name, as the user, and inside: the kernel
 * calls a directory that '/' does not lead to "(unreachable)".  Returns 0 with
 * the name that the kernel has for it, or the errno of why not.
 */
static int return_to(const char *directory, char ret_now[PATH_MAX])
{
	if (directory[0] != '/')
		return ENOENT;
	if (chdir(directory) < 0 || !getcwd(ret_now, PATH_MAX))
		return errno;
	return ret_now[0] == '/' ? 0 : ENOENT;
}

/*
 * The job's $PWD may be a name with symlinks, which shells keep; it is right if
 * it leads to the same directory.  Not asked where a directory was asked for:
 * what is bound twice has two names, and a shell would believe the wrong one.
 */
static void keep_pwd(struct entry *entry)
{
	const char *pwd = envp_get(entry->plan.job, "PWD");
	struct stat named, now;

	if (pwd && pwd[0] == '/' && strlen(pwd) < PATH_MAX &&
		stat(pwd, &named) == 0 && stat(".", &now) == 0 &&
		named.st_dev == now.st_dev && named.st_ino == now.st_ino)
		strcpy(entry->task->pwd, pwd);
}

static int change_directory(struct entry *entry, struct error *err)
{
	const char *wanted =
		settings_get(entry->plan.settings, SETTING_WORKDIR);
	int *moved = &entry->task->moved;

	*moved = return_to(*wanted ? wanted : entry->plan.directory,
		entry->task->pwd);
	if (*moved && *wanted) {
		error_set(err, *moved,
			"cannot start in '%s' in the image (--sif-workdir)",
			wanted);
		return report_common_failure(entry->request->reported, err);
	}
	if (*moved && chdir("/") < 0)
		return error_set(err, errno,
			"cannot change to '/' of the container");
	if (*moved)
		strcpy(entry->task->pwd, "/");
	else if (!*wanted)
		keep_pwd(entry);
	return 0;
}

static int enter_and_chdir(struct entry *entry, struct error *err)
{
	bool joins = !settings_is(entry->plan.settings, SETTING_JOIN, "none");
	int entered;

	if (joins)
		set_alarm(entry->request->timeout_s + BUILDER_EXTRA_S);
	entered = joins ? enter_joined(entry, err) : enter_own(entry, err);
	alarm(0);
	if (entered < 0 || change_directory(entry, err) < 0)
		return -1;
	/* What is the same for all tasks of the node is told by one. */
	if (entry->task->is_builder)
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

int task_enter(const struct task_request *request, struct task *ret_task,
	struct report *report, struct error *err)
{
	struct task task = { .moved = 0 };
	struct entry entry = {
		.request = request,
		.plan = request->plan,
		.deadline = deadline_in_ms(request->timeout_s * 1000L),
		.server = -1,
		.task = &task,
		.report = report,
	};

	entry.plan.directory = task.directory;
	if (!getcwd(task.directory, sizeof(task.directory)) ||
		task.directory[0] != '/')
		task.directory[0] = '\0';
	unblock_sigchld();
	if (enter_and_chdir(&entry, err) < 0) {
		task_free(&task);
		cleanup_fd(&entry.server);
		return -1;
	}
	*ret_task = task; /* execve closes the socket */
	return 0;
}

void task_free(struct task *task)
{
	environment_free(&task->edits);
	environment_free(&task->setters);
}
