/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_SUPERVISOR_H
#define SPANK_SERVER_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

/* More would only draw out the end of a step whose image kills its servers. */
#define GUARD_SUCCESSORS_MAX 10

/* Who one process is to another, see guard_start(). */
enum guard_role {
	GUARD_ALONE,  /* there is nobody else */
	GUARD_GUARD,  /* a child of this process serves */
	GUARD_SERVER, /* this process is that child, and has to serve */
	GUARD_ENDED,  /* the child has ended, and there is no other */
};

struct guard {
	char **argv; /* main's, which ps shows */
	enum guard_role role;
	bool can_resume; /* the kernel would give a successor its requests */
	pid_t server;
	int status;     /* GUARD_ENDED: as of waitpid(2), of the last server */
	int successors; /* how many there were after the first */
};

/*
 * Fork a child to serve, which has this process's name of before; this one
 * changes its own, in `argv` too.  It ends with this process.  Returns in both,
 * with the role in guard->role: GUARD_ALONE if the user may have no more
 * processes.  From now on SIGCHLD is blocked in the guard.
 */
void guard_start(struct guard *guard, bool can_resume);

/*
 * The server is of no interest any more; it ends with its mount.
 */
void guard_forget(struct guard *guard);

/*
 * The guard's duty: if the server has been killed or has crashed, fork another.
 * With `waits` it returns when there is no server any more, otherwise at once;
 * in a successor as guard_start() does.
 */
void guard_mind(struct guard *guard, bool waits);

#endif
