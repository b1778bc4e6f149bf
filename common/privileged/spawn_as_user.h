/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_SPAWN_AS_USER_H
#define COMMON_PRIVILEGED_SPAWN_AS_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/child.h"
#include "common/deadline.h"
#include "common/error.h"
#include "common/identity.h"

/* The program, from priv_spawn_open(), and its descriptors; all borrowed. */
struct spawn_fds {
	int program;
	int control;  /* becomes SERVER_CONTROL_FD of common/server_start.h */
	int lifeline; /* becomes SERVER_LIFELINE_FD */
	int extra;    /* becomes SERVER_EXTRA_FD; -1: none */
	int damage;   /* becomes SERVER_DAMAGE_FD; -1: none */
	/* Without no_new_privs: it may execute a setuid program. */
	bool allow_setuid;
};

/*
 * Open a program that root may start.  `path` is absolute; the file and every
 * directory above it must belong to root and be writable only by root.  The
 * file must be readable only by root, too, so that users can never trace the
 * process.  Returns a descriptor for priv_spawn(), owned by the caller.
 */
int priv_spawn_open(const char *path, struct error *err);

/*
 * Start the program as `identity`: all three user and group ids, no capability,
 * no_new_privs (unless allow_setuid), a session of its own, exactly the
 * environment `envp`, '/' as working directory.  Its descriptors are /dev/null
 * (0 to 2) and copies of the given ones.  It ignores all signals that scancel
 * can send except ALRM and KILL.  Requires uid 0.
 *
 * Does not wait for the program.  If it cannot be started, the child ends with
 * a status of common/server_start.h.  The caller owns *ret_child.
 */
int priv_spawn(const struct spawn_fds *fds, char *const argv[],
	char *const envp[], const struct identity *identity,
	struct child *ret_child, struct error *err);

/*
 * Send SIGKILL to a child and its process group, that is, to all descendants
 * without a session of their own; a sandboxed program cannot create one.  Works
 * after the child has ended, too, unless Slurm has reaped it and the kernel is
 * older than Linux 6.9.
 */
void priv_spawn_kill(const struct child *child);

/*
 * Wait until the child has ended, kill the rest of its process group, and reap
 * it as child_wait() does.  Returns true, with child->pid 0 and the pidfd
 * closed; false if the deadline passes first.
 */
bool priv_spawn_wait(struct child *child, struct deadline deadline,
	int *ret_status);

#endif
