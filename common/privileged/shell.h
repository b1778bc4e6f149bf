/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_SHELL_H
#define COMMON_PRIVILEGED_SHELL_H

#include <signal.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/error.h"

/* In the shell, numbers that every shell takes in a redirection. */
#define SHELL_LIFELINE_FD 8 /* end of file once the starter is gone */
#define SHELL_PROGRESS_FD 9 /* what is written there reaches progress_fd */

/* What the child writes to progress_fd, with an errno in the next byte, if it
 * cannot execute the shell, or not even come so far. */
#define SHELL_NOT_EXECUTED 'E'
#define SHELL_NOT_STARTED  'S'

struct shell {
	pid_t pid;               /* of the leader of a session of its own */
	int pid_fd;              /* owned, as the others */
	int lifeline_fd;         /* the writing end */
	int progress_fd;         /* the reading end, not blocking */
	int messages_fd;         /* the same, of its standard error */
	struct sigaction before; /* of SIGCHLD */
};

/*
 * Run `path`, a shell of the image, with "-c" and the script, as a child that
 * has nothing of the caller's but its user and its place: a session of its own,
 * no capability, no_new_privs, /dev/null as descriptors 0 and 1, a pipe as 2,
 * the two above and no other, default signals, the environment `envp`.  It is
 * killed if the caller dies.
 *
 * The caller must be the user already, and must have no other thread.  While
 * the shell runs, the caller's SIGCHLD has its default action.
 */
int priv_shell_start(const char *path, const char *script, char *const envp[],
	struct shell *ret_shell, struct error *err);

/*
 * Wait until there is something to read of progress_fd or messages_fd, their
 * end of file included, or the shell has ended.  One of them that is -1 is left
 * out.  Returns 1, or 0 once the deadline has passed.
 */
int priv_shell_wait(const struct shell *shell, struct deadline deadline);

/*
 * Kill the shell and all that it has started in its session's first process
 * group, reap it, close everything.  Returns its status as from wait(2), or -1
 * if nobody can tell; a shell that had not ended by itself was killed by
 * SIGKILL.
 */
int priv_shell_stop(struct shell *shell);

#endif
