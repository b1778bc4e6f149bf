/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step survives its image server: once the image is sealed, the process
 * forks.  The child serves.  The parent, the supervisor, leads the tasks in and
 * keeps /dev/fuse and the image open, as they were before the first request was
 * answered.  When the child is killed, the supervisor forks again.  The
 * replacement has the kernel send the unanswered requests again and goes on.
 *
 * Nothing has to be handed over: references are stateless, the mount points do
 * not change any more, caches fill again, and what a stack of file systems
 * remembers lies in memory that all of them share.
 *
 * It forks without exec, which would need a path or a way out of the sandbox.
 * The price: all replacements have the same addresses.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spank/server/supervisor.h"

#define SUPERVISOR_NAME "spank-sif-guard"
#define SERVER_NAME     "spank-sif-server"

/* ps shows argv[0], top the name of the thread.  The words of argv lie one
 * behind the other. */
static void set_name(char *argv[], const char *name)
{
	size_t room = argv[1] - argv[0];

	prctl(PR_SET_NAME, name);
	if (strlen(name) >= room)
		return;
	memset(argv[0], 0, room);
	memcpy(argv[0], name, strlen(name));
}

/* It only has to interrupt ppoll(2). */
static void ignore_signal(int number)
{
	(void)number;
}

/* An ignored SIGCHLD, which would survive exec, would make it impossible to
 * wait.  A blocked one is not missed between two checks. */
static void watch_children(void)
{
	const struct sigaction action = { .sa_handler = ignore_signal };
	sigset_t set;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void become_server(struct supervisor *supervisor, pid_t parent)
{
	sigset_t none;

	/* A server without its supervisor could keep the mount after the step.
	 */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	signal(SIGCHLD, SIG_DFL);
	/* The alarm belongs to the supervisor; scancel may send SIGALRM. */
	signal(SIGALRM, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	set_name(supervisor->argv, SERVER_NAME);
	supervisor->role = ROLE_SERVER;
}

/* -1 if the user can have no more processes. */
static int fork_server(struct supervisor *supervisor)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		become_server(supervisor, parent);
		return 0;
	}
	supervisor->server = pid;
	supervisor->role = ROLE_SUPERVISOR;
	return 0;
}

void supervisor_forget(struct supervisor *supervisor)
{
	supervisor->role = ROLE_ALONE;
	supervisor->replacements = 0;
}

void supervisor_start(struct supervisor *supervisor, bool can_resume)
{
	supervisor_forget(supervisor);
	supervisor->can_resume = can_resume;
	watch_children();
	if (fork_server(supervisor) == 0 && supervisor->role == ROLE_SUPERVISOR)
		set_name(supervisor->argv, SUPERVISOR_NAME);
}

/* Whether the server has ended. */
static bool has_ended(struct supervisor *supervisor, bool waits)
{
	pid_t pid;

	do
		pid = waitpid(supervisor->server, &supervisor->status,
			waits ? 0 : WNOHANG);
	while (pid < 0 && errno == EINTR);
	return pid != 0;
}

void supervisor_check(struct supervisor *supervisor, bool waits)
{
	while (supervisor->role == ROLE_SUPERVISOR &&
		has_ended(supervisor, waits)) {
		supervisor->role = ROLE_ENDED;
		if (!supervisor->can_resume ||
			!WIFSIGNALED(supervisor->status) ||
			supervisor->replacements == REPLACEMENTS_MAX)
			break;
		supervisor->replacements++;
		if (fork_server(supervisor) < 0)
			supervisor->replacements--;
	}
}
