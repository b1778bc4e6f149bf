/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step survives its image server: once the container is complete, the
 * process forks.  The child serves; the parent, the guard, does nothing but
 * hold on to /dev/fuse and to the image, as they were before any of the step's
 * requests was answered.  When the child is killed, the guard forks again: the
 * successor has the kernel send again what was not answered, and goes on.
 *
 * Nothing has to be handed over: references are stateless, the mount points
 * do not change any more, and caches fill again.
 *
 * fork without exec, since exec would need a path or a way past the sandbox.
 * The price: all successors have the same addresses.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/server/guard.h"

#define GUARD_NAME  "spank-sif-guard"
#define SERVER_NAME "spank-sif-server"

/* ps shows the one name, top the other.  The words lie one behind the other. */
static void set_name(char *argv[], const char *name)
{
	size_t room = argv[1] - argv[0];

	prctl(PR_SET_NAME, name);
	if (strlen(name) >= room)
		return;
	memset(argv[0], 0, room);
	memcpy(argv[0], name, strlen(name));
}

static pid_t start(int (*serve)(void *arg, bool is_successor), void *arg,
	char *argv[], bool is_successor)
{
	pid_t guard = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	/* Who held the mount alone could keep it when the step has ended. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != guard)
		_exit(1);
	set_name(argv, SERVER_NAME);
	_exit(serve(arg, is_successor));
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status;
}

int guard_run(int (*serve)(void *arg, bool is_successor), void *arg,
	char *argv[], bool can_resume, struct guard_end *ret_end)
{
	struct guard_end end = { 0 };
	pid_t pid;

	/* If it is ignored, which exec does not change, nothing can be waited
	 * for. */
	signal(SIGCHLD, SIG_DFL);
	pid = start(serve, arg, argv, false);
	if (pid < 0)
		return -1;
	set_name(argv, GUARD_NAME);
	end.status = wait_for(pid);
	while (can_resume && WIFSIGNALED(end.status) &&
		end.successors < GUARD_SUCCESSORS_MAX) {
		pid = start(serve, arg, argv, true);
		if (pid < 0)
			break;
		end.successors++;
		end.status = wait_for(pid);
	}
	*ret_end = end;
	return 0;
}
