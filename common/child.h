/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_CHILD_H
#define COMMON_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/deadline.h"

struct child {
	pid_t pid;
	int pid_fd; /* owned; close-on-exec */
};

/* child_wait(): the child ended, but nobody can tell how. */
#define CHILD_STATUS_UNKNOWN (-1)

/*
 * Wait until the child has ended, and reap it.  Returns true then, with its
 * status as from wait(2) in *ret_status; false when the deadline passed first.
 * slurmstepd waits for any child and may have reaped this one: the status then
 * comes from the kernel (Linux 6.15 and later), or is CHILD_STATUS_UNKNOWN.
 */
bool child_wait(const struct child *child, struct deadline deadline,
	int *ret_status);

/* Send SIGKILL.  Never reaches another process, even if the pid was reused. */
void child_kill(const struct child *child);

/* A pidfd, close-on-exec, of a process that need not be a child; -1 with errno.
 */
int child_open(pid_t pid);

/* Send SIGCONT to the process of a pidfd. */
void child_continue(int pid_fd);

#endif
