/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_IO_SERVER_CLIENT_H
#define SPANK_PLUGIN_IO_SERVER_CLIENT_H

#include "common/deadline.h"
#include "common/error.h"
#include "common/message.h"

/*
 * Send HELLO to an image server on the socket that all tasks of the step
 * inherit, with one end of a new socket pair.  Returns the other end, owned by
 * the caller.  Its end of file, at execve at the latest, tells the server that
 * this task has started.
 */
int server_client_connect(int tasks_fd, struct deadline deadline,
	struct error *err);

/* Send the server a message, with a copy of `fd` unless it is -1.  A failure
 * says that the server is gone. */
int server_client_send(int server, enum message_type type, const char *text,
	int fd, struct error *err);

/*
 * Fail if `message` says that there is no container.  FAILED: its reason goes
 * to *err.  TOLD: another task tells the user, and *err becomes told_elsewhere.
 */
int server_client_take_failure(const struct message *message,
	struct error *err);

#endif
