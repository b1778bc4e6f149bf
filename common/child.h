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

/* From child_wait(): the child has ended, but its status is lost. */
#define CHILD_STATUS_UNKNOWN (-1)

/*
 * Wait until the child has ended, and reap it.  Returns true, with the status
 * as from wait(2) in *ret_status; false if the deadline passes first.
 * slurmstepd waits for any child and may have reaped this one.  In that case
 * the status comes from the kernel (Linux 6.15 and later), or is
 * CHILD_STATUS_UNKNOWN.
 */
bool child_wait(const struct child *child, struct deadline deadline,
	int *ret_status);

/* Send SIGKILL.  Never hits another process, even if the pid was reused. */
void child_kill(const struct child *child);

/*
 * Open a pidfd of any process, child or not.  Returns the descriptor
 * (close-on-exec, owned by the caller), or -1 with errno.
 */
int child_open(pid_t pid);

/* Send SIGCONT to the process that the pidfd refers to. */
void child_continue(int pid_fd);

#endif
