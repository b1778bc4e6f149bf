/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A task on its way into the container.  It says HELLO to the image server on
 * the socket that all tasks of the step inherit, with one end of a socket of
 * its own; the answer is BUILD (the first task), ENTER, or FAILED.  That own
 * socket is close-on-exec: its end of file tells the server "started".
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/message.h"
#include "common/priv_caps.h"
#include "common/priv_namespace.h"
#include "spank/plugin/container.h"
#include "spank/plugin/task.h"

/* So that a task which can still speak has the time to. */
#define BUILDER_EXTRA_S 2

/* What befalls all tasks alike is said by one of them. */
static int fail_alike(const struct task_request *request, struct error *err)
{
	if (!request->speaks)
		err->text[0] = '\0';
	return -1;
}

/* The socket's queue is short where many tasks say HELLO at once. */
static int send_hello(int tasks_fd, int own_end, struct deadline deadline)
{
	struct pollfd room = { .fd = tasks_fd, .events = POLLOUT };

	while (message_send(tasks_fd, MESSAGE_HELLO, NULL, own_end) < 0) {
		if (errno != EAGAIN && errno != ETOOMANYREFS)
			return -1;
		if (deadline_left_ms(deadline) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		poll(&room, 1, 10);
	}
	return 0;
}

/* Returns the own socket, owned by the caller. */
static int say_hello(const struct task_request *request,
	struct deadline deadline, struct error *err)
{
	CLEANUP_FD int own = -1;
	CLEANUP_FD int servers = -1;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	own = ends[0];
	servers = ends[1];
	if (send_hello(request->tasks_fd, servers, deadline) < 0) {
		error_set(err, errno, "cannot reach the image server");
		return fail_alike(request, err);
	}
	return fd_take(&own);
}

static int enter(int namespace_fd, struct error *err)
{
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

/* Where the server gave up, its reason is nearer to the cause than the broken
 * mount that the builder has met. */
static void hear_reason(int server, struct error *err)
{
	CLEANUP_FD int unexpected_fd = -1;
	struct message message;
	int got = message_receive(server, deadline_in_ms(0), &message,
		&unexpected_fd);

	if (got == 1 && message.type == MESSAGE_FAILED && message.text[0])
		error_set(err, 0, "%s", message.text);
}

/* Tell the server of a failure, and by that the other tasks. */
static int build(const struct task_request *request, const char *directory,
	int server, struct deadline deadline, struct error *err)
{
	const struct container_request container = {
		.image = request->image,
		.directory = directory,
		.home = request->home,
		.server = server,
		.fuse_fd = request->fuse_fd,
		.deadline = deadline,
	};
	int built;

	set_alarm(request->timeout_s + BUILDER_EXTRA_S);
	built = container_build(&container, err);
	alarm(0);
	if (built == 0)
		return 0;
	hear_reason(server, err);
	/* If the server is gone as well, the others see that themselves. */
	message_send(server, MESSAGE_FAILED, NULL, -1);
	return -1;
}

static int describe_silence(const struct task_request *request, int got,
	struct error *err)
{
	if (got == 0)
		error_set(err, 0,
			"the image server ended before the container of the "
			"image '%s' was complete",
			request->image);
	else if (errno == ETIMEDOUT)
		error_set(err, 0,
			"the container of the image '%s' was not complete "
			"after %d s: is the image's file system slow, or hung? "
			"(timeout= in plugstack.conf)",
			request->image, request->timeout_s);
	else
		error_set(err, errno, "cannot hear the image server");
	return fail_alike(request, err);
}

static int obey(const struct task_request *request, const char *directory,
	int server, struct deadline deadline, struct error *err)
{
	CLEANUP_FD int fd = -1;
	struct message message;
	int got = message_receive(server, deadline, &message, &fd);

	if (got == 1 && message.type == MESSAGE_BUILD)
		return build(request, directory, server, deadline, err);
	if (got == 1 && message.type == MESSAGE_ENTER && fd >= 0)
		return enter(fd, err);
	if (got == 1 && message.type == MESSAGE_FAILED)
		return error_set(err, 0, "%s", message.text);
	return describe_silence(request, got, err);
}

/*
 * Back to where the step was, by name, as the user, and inside: the kernel
 * calls a directory that '/' does not lead to "(unreachable)".  Returns 0, or
 * the errno of why not.
 */
static int return_to(const char *directory)
{
	char now[PATH_MAX];

	if (directory[0] != '/')
		return ENOENT;
	if (chdir(directory) < 0 || !getcwd(now, sizeof(now)))
		return errno;
	return now[0] == '/' ? 0 : ENOENT;
}

int task_enter(const struct task_request *request, char *ret_directory,
	int *ret_moved, struct error *err)
{
	struct deadline deadline = deadline_in_ms(request->timeout_s * 1000L);
	CLEANUP_FD int server = -1;

	if (!getcwd(ret_directory, PATH_MAX) || ret_directory[0] != '/')
		ret_directory[0] = '\0';
	server = say_hello(request, deadline, err);
	if (server < 0 ||
		obey(request, ret_directory, server, deadline, err) < 0)
		return -1;
	cleanup_fd(request->fuse_fd);
	if (priv_caps_drop(err) < 0)
		return -1;
	*ret_moved = return_to(ret_directory);
	if (*ret_moved && chdir("/") < 0)
		return error_set(err, errno,
			"cannot change to '/' of the container");
	fd_take(&server); /* execve closes it */
	return 0;
}
