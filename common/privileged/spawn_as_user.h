/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_PRIVILEGED_SPAWN_AS_USER_H
#define COMMON_PRIVILEGED_SPAWN_AS_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/child.h"
#include "common/deadline.h"
#include "common/error.h"
#include "common/identity.h"

/* What to execute, of priv_spawn_open(), and what to give it; borrowed. */
struct spawn_fds {
	int program;
	int control;  /* becomes SERVER_CONTROL_FD of common/server_start.h */
	int lifeline; /* becomes SERVER_LIFELINE_FD */
	int host_mounter; /* becomes SERVER_HOST_MOUNTER_FD; -1: none */
	int damage;       /* becomes SERVER_DAMAGE_FD; -1: none */
	/* Without no_new_privs: it may execute a setuid program. */
	bool allow_setuid;
};

/*
 * Open a program that root may start: an absolute path, of which the file and
 * every directory above belong to root and are writable by root only.  The file
 * must be readable by root only, too, so that its user cannot trace the process
 * at any time.  Returns a descriptor for priv_spawn(), owned by the caller.
 */
int priv_spawn_open(const char *path, struct error *err);

/*
 * Start the program as `identity`, for good: all three user and group ids, no
 * capability, no_new_privs unless asked, a session of its own, the environment
 * `envp` and no more, '/' as working directory, /dev/null as descriptors 0 to
 * 2, copies of the given ones, and no other descriptor.  Whatever signal
 * scancel sends is ignored, except for ALRM and KILL.  Requires uid 0.
 *
 * Does not wait for the program.  If it cannot be started, the child ends
 * with a status of common/server_start.h.  Stores the child in *ret_child.
 */
int priv_spawn(const struct spawn_fds *fds, char *const argv[],
	char *const envp[], const struct identity *identity,
	struct child *ret_child, struct error *err);

/*
 * Send SIGKILL to a child and to its process group: whatever it has started and
 * that has no session of its own, which a sandboxed program cannot make.  Also
 * for one that has ended: the group is killed all the same, unless Slurm has
 * waited for the child and the kernel is older than Linux 6.9.
 */
void priv_spawn_kill(const struct child *child);

/*
 * Wait until the child has ended, kill what is left of its process group, and
 * reap it, as child_wait() does.  True then; *child is none any more, with pid
 * 0.  False when the deadline passed first.
 */
bool priv_spawn_wait(struct child *child, struct deadline deadline,
	int *ret_status);

#endif
