/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SUPERVISOR_H
#define SPANK_SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

/* More would only prolong a step whose image kills its servers. */
#define REPLACEMENTS_MAX 10

/* What this process is, see supervisor_start(). */
enum supervisor_role {
	ROLE_ALONE,      /* it has no child that serves */
	ROLE_SUPERVISOR, /* it has one */
	ROLE_SERVER,     /* it is that child, and has to serve */
	ROLE_ENDED,      /* its child has ended and will not be replaced */
};

struct supervisor {
	char **argv; /* main's, which ps shows */
	enum supervisor_role role;
	bool can_resume; /* a replacement gets the unanswered requests */
	pid_t server;
	int status;       /* ROLE_ENDED: as of waitpid(2), of the last server */
	int replacements; /* how many there were after the first */
};

/*
 * Fork a child that serves.  The child keeps the name of this process, which
 * takes another, in `argv` too, and it is killed when this process ends.
 * Returns in both, with the role in supervisor->role: ROLE_ALONE if the user
 * may have no more processes.  From now on SIGCHLD is blocked in the
 * supervisor.
 */
void supervisor_start(struct supervisor *supervisor, bool can_resume);

/* Do not replace the server any more; it ends with its mount. */
void supervisor_forget(struct supervisor *supervisor);

/*
 * The supervisor's duty: if the server has been killed or has crashed, fork
 * another. With `waits` it returns when there is no server any more, otherwise
 * at once; in a replacement as supervisor_start() does.
 */
void supervisor_check(struct supervisor *supervisor, bool waits);

#endif
