/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A task's side of the image server's socket.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "spank/plugin/io/server_client.h"

/* The socket's queue is full if many tasks send HELLO at the same time. */
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

int server_client_connect(int tasks_fd, struct deadline deadline,
	struct error *err)
{
	CLEANUP_FD int own = -1;
	CLEANUP_FD int servers = -1;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	own = ends[0];
	servers = ends[1];
	if (send_hello(tasks_fd, servers, deadline) < 0) {
		if (errno == EPIPE || errno == ECONNRESET)
			return error_set(err, 0,
				"the image server ended before a task could "
				"reach it; if nothing else says how, please "
				"tell the administrator");
		return error_set(err, errno, "cannot reach the image server");
	}
	return fd_take(&own);
}

int server_client_send(int server, enum message_type type, const char *text,
	int fd, struct error *err)
{
	if (message_send(server, type, text, fd) < 0)
		return error_set(err, errno, "the image server is gone");
	return 0;
}

int server_client_take_failure(const struct message *message, struct error *err)
{
	if (message->type != MESSAGE_FAILED && message->type != MESSAGE_TOLD)
		return 0;
	error_set(err, 0, "%s", message->text);
	err->told_elsewhere = message->type == MESSAGE_TOLD;
	return -1;
}
