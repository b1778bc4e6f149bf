/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A user can stop their image server with SIGSTOP (though not attach a debugger
 * to it), and root's processes may depend on it: the kernel reads the command
 * line, environment and maps of a process under a lock, which is held while a
 * page of the image is on its way.  So ps and Slurm's accounting would wait for
 * as long as the user likes.
 *
 * The server is either the supervisor and its child, or one process:
 * spank/server/supervisor.c.  Both are checked: a stopped supervisor replaces
 * nothing.
 */
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "spank/plugin/server_resume.h"
#include "spank/plugin/proc_state.h"

/* The supervisor has one child, or had others that it has not waited for. */
#define CHILDREN_MAX 8

/* The parent is checked after the pidfd has been opened, so that both belong to
 * the same process. */
static void continue_child(pid_t pid, pid_t parent)
{
	CLEANUP_FD int pid_fd = child_open(pid);
	struct proc_state state;

	if (pid_fd >= 0 && proc_state_read(pid, &state) &&
		state.parent == parent)
		child_continue(pid_fd);
}

bool server_resume(pid_t pid, int pid_fd)
{
	pid_t children[CHILDREN_MAX];
	size_t i, count = proc_state_children(pid, children, CHILDREN_MAX);
	bool stopped = proc_state_is_stopped(pid);
	struct proc_state state;

	for (i = 0; i < count; i++)
		stopped = stopped || proc_state_is_stopped(children[i]);
	/* Slurm may have reaped it, and the kernel may have reused its pid. */
	if (!stopped || !proc_state_read(pid, &state) ||
		state.parent != getpid())
		return false;
	child_continue(pid_fd);
	for (i = 0; i < count; i++)
		continue_child(children[i], pid);
	return true;
}
