/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_SHELL_H
#define COMMON_PRIVILEGED_SHELL_H

#include <signal.h>
#include <sys/types.h>

#include "common/deadline.h"
#include "common/error.h"

/* Descriptors in the shell.  Every shell accepts one digit in a redirection. */
#define SHELL_LIFELINE_FD 8 /* end of file once the caller is gone */
#define SHELL_PROGRESS_FD 9 /* the writing end of progress_fd */

/*
 * What the child writes to progress_fd, followed by an errno as one byte, if it
 * cannot execute the shell, or fails even earlier.
 */
#define SHELL_NOT_EXECUTED 'E'
#define SHELL_NOT_STARTED  'S'

struct shell {
	pid_t pid;               /* leader of its own session */
	int pid_fd;              /* owned, like the others */
	int lifeline_fd;         /* writing end */
	int progress_fd;         /* reading end, non-blocking */
	int messages_fd;         /* its standard error, non-blocking */
	struct sigaction before; /* the caller's action for SIGCHLD */
};

/*
 * Run `path`, a shell of the image, with "-c" and the script.  The child runs
 * as the caller's user, in its container, with a session of its own, no
 * capability, no_new_privs, default signals and the environment `envp`.  Its
 * descriptors are /dev/null (0, 1), a pipe (2) and the two above.  It is killed
 * if the caller dies.
 *
 * The caller must run as the user, with a single thread.  While the shell runs,
 * SIGCHLD has its default action in the caller.  Stop it with
 * priv_shell_stop().
 */
int priv_shell_start(const char *path, const char *script, char *const envp[],
	struct shell *ret_shell, struct error *err);

/*
 * Wait until progress_fd or messages_fd can be read (or is at end of file), or
 * the shell has ended.  A descriptor that is -1 is ignored.  Returns 1; 0 if
 * the deadline passes first.
 */
int priv_shell_wait(const struct shell *shell, struct deadline deadline);

/*
 * Kill the shell and its process group, reap the shell, and close all
 * descriptors.  Returns its status as from wait(2), or -1 if that is unknown;
 * the status of a shell that had not ended by itself says SIGKILL.
 */
int priv_shell_stop(struct shell *shell);

#endif
