/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SERVER_RESUME_H
#define SPANK_PLUGIN_SERVER_RESUME_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * If the image server `pid`, a child of the caller with this pidfd, or one of
 * its own children is stopped, continue all of them (SIGCONT).  Returns whether
 * one was stopped.  Never waits.  Requires uid 0, or that of the server.
 */
bool server_resume(pid_t pid, int pid_fd);

#endif
