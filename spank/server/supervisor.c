/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A step survives its image server: once the image is sealed, the process
 * forks.  The child serves; the parent, the guard, leads the tasks in, and
 * holds on to /dev/fuse and to the image, as they were before any of the step's
 * requests was answered.  When the child is killed,
 * the guard forks again: the successor has the kernel send again what was not
 * answered, and goes on.
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

#include "spank/server/supervisor.h"

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

/* Nothing to do: it only has to end a ppoll(2). */
static void notice(int number)
{
	(void)number;
}

/* If SIGCHLD is ignored, which exec does not change, nothing can be waited
 * for; blocked, it is not missed between two looks. */
static void watch_children(void)
{
	const struct sigaction action = { .sa_handler = notice };
	sigset_t set;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void begin_to_serve(struct guard *guard, pid_t parent)
{
	sigset_t none;

	/* Who held the mount alone could keep it when the step has ended. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	signal(SIGCHLD, SIG_DFL);
	/* The alarm is the guard's; scancel may send the step one. */
	signal(SIGALRM, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	set_name(guard->argv, SERVER_NAME);
	guard->role = GUARD_SERVER;
}

/* -1 if there can be no more processes. */
static int fork_server(struct guard *guard)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		return -1;
	if (pid == 0) {
		begin_to_serve(guard, parent);
		return 0;
	}
	guard->server = pid;
	guard->role = GUARD_GUARD;
	return 0;
}

void guard_start(struct guard *guard, bool can_resume)
{
	guard->can_resume = can_resume;
	watch_children();
	if (fork_server(guard) == 0 && guard->role == GUARD_GUARD)
		set_name(guard->argv, GUARD_NAME);
}

void guard_forget(struct guard *guard)
{
	guard->role = GUARD_ALONE;
	guard->successors = 0;
}

/* Whether the server has ended. */
static bool has_ended(struct guard *guard, bool waits)
{
	pid_t pid;

	do
		pid = waitpid(guard->server, &guard->status,
			waits ? 0 : WNOHANG);
	while (pid < 0 && errno == EINTR);
	return pid != 0;
}

void guard_mind(struct guard *guard, bool waits)
{
	while (guard->role == GUARD_GUARD && has_ended(guard, waits)) {
		guard->role = GUARD_ENDED;
		if (!guard->can_resume || !WIFSIGNALED(guard->status) ||
			guard->successors == GUARD_SUCCESSORS_MAX)
			break;
		guard->successors++;
		if (fork_server(guard) < 0)
			guard->successors--;
	}
}
