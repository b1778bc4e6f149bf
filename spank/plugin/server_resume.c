/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A user may stop their image server (SIGSTOP; a debugger cannot be attached).
 * Root's processes can depend on it all the same: the kernel reads a process's
 * command line, environment and maps under a lock which a page of the image
 * that is on its way may hold.  So ps, and Slurm's accounting, would wait for
 * as long as the user likes.
 *
 * The server is the guard and its child, or one process: see
 * server/supervisor.c of the server.  Both are looked at, since a stopped guard
 * replaces no server.
 */
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "spank/plugin/server_resume.h"
#include "spank/plugin/proc_state.h"

/* The guard has one child, or had others that it has not waited for. */
#define CHILDREN_MAX 8

/* The number is looked at once more when the pidfd is there, since only then
 * both are of one process. */
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
	/* Slurm may have reaped it meanwhile, and the number be another's. */
	if (!stopped || !proc_state_read(pid, &state) ||
		state.parent != getpid())
		return false;
	child_continue(pid_fd);
	for (i = 0; i < count; i++)
		continue_child(children[i], pid);
	return true;
}
