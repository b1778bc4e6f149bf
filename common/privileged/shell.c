/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a shell of the image.  The caller, the builder of a container, already
 * runs as the user and has dropped all privileges.
 *
 *   parent  three pipes; fork
 *   child   session, descriptors, signals, drop privileges (again), execve
 *   parent  at the end: SIGKILL to the whole process group, reap
 *
 * It is in this folder because it forks, executes and kills.  It needs no
 * privilege, and makes sure that it grants none.  The image's shell may be
 * hostile: it can do what any command of the step can do, and no more.
 *
 * The leader is reaped only after its group has been killed, so that the group
 * id cannot have been reused.  A process that leaves the group belongs to the
 * step, and Slurm ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/caps.h"
#include "common/privileged/shell.h"

struct pipes {
	int hold[2];
	int progress[2];
	int messages[2];
};

static void close_pipes(struct pipes *pipes)
{
	int i;

	for (i = 0; i < 2; i++) {
		cleanup_fd(&pipes->hold[i]);
		cleanup_fd(&pipes->progress[i]);
		cleanup_fd(&pipes->messages[i]);
	}
}

static bool set_descriptors(const struct pipes *pipes)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	/* Copies above the numbers that are assigned below. */
	int hold = fcntl(pipes->hold[0], F_DUPFD_CLOEXEC, 16);
	int progress = fcntl(pipes->progress[1], F_DUPFD_CLOEXEC, 16);
	int messages = fcntl(pipes->messages[1], F_DUPFD_CLOEXEC, 16);

	if (null_fd < 0 || hold < 0 || progress < 0 || messages < 0)
		return false;
	if (dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 ||
		dup2(messages, 2) < 0 || dup2(hold, SHELL_LIFELINE_FD) < 0 ||
		dup2(progress, SHELL_PROGRESS_FD) < 0)
		return false;
	return syscall(SYS_close_range, 3, SHELL_LIFELINE_FD - 1, 0) == 0 &&
	       syscall(SYS_close_range, SHELL_PROGRESS_FD + 1, UINT_MAX, 0) ==
		       0;
}

static void set_signals(void)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	int number;

	for (number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The parent may have died before the signal was set up. */
static bool follow_parent(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static void __attribute__((noreturn)) fail_child(int fd, char what)
{
	char report[2] = { what, (char)errno };

	_exit(write(fd, report, sizeof(report)) == 2 ? 127 : 126);
}

static void __attribute__((noreturn)) run_child(const struct pipes *pipes,
	const char *path, char *const argv[], char *const envp[], pid_t parent)
{
	struct error err = { 0 };

	if (!follow_parent(parent) || setsid() < 0 || !set_descriptors(pipes))
		fail_child(pipes->progress[1], SHELL_NOT_STARTED);
	set_signals();
	if (priv_caps_drop(&err) < 0)
		fail_child(SHELL_PROGRESS_FD, SHELL_NOT_STARTED);
	/* Safe: with the user's ids, in the user's own container. */
	execve(path, argv, envp);
	fail_child(SHELL_PROGRESS_FD, SHELL_NOT_EXECUTED);
}

/* If SIGCHLD were ignored, the kernel would reap the leader by itself. */
static void watch_children(struct sigaction *ret_before)
{
	const struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(SIGCHLD, &action, ret_before);
}

int priv_shell_start(const char *path, const char *script, char *const envp[],
	struct shell *ret_shell, struct error *err)
{
	/* busybox, for one, decides by argv[0] which program to be. */
	char *const argv[] = { (char *)strrchr(path, '/') + 1, "-c",
		(char *)script, NULL };
	__attribute__((cleanup(close_pipes))) struct pipes pipes = { { -1, -1 },
		{ -1, -1 }, { -1, -1 } };
	struct shell shell = { .pid_fd = -1,
		.lifeline_fd = -1,
		.progress_fd = -1,
		.messages_fd = -1 };
	pid_t parent = getpid();

	if (pipe2(pipes.hold, O_CLOEXEC) < 0 ||
		pipe2(pipes.progress, O_CLOEXEC) < 0 ||
		pipe2(pipes.messages, O_CLOEXEC) < 0 ||
		fcntl(pipes.progress[0], F_SETFL, O_NONBLOCK) < 0 ||
		fcntl(pipes.messages[0], F_SETFL, O_NONBLOCK) < 0)
		return error_set(err, errno, "cannot make a pipe");
	watch_children(&shell.before);
	shell.pid = fork();
	if (shell.pid == 0)
		run_child(&pipes, path, argv, envp, parent);
	if (shell.pid > 0)
		shell.pid_fd = syscall(SYS_pidfd_open, shell.pid, 0);
	if (shell.pid < 0 || shell.pid_fd < 0) {
		error_set(err, errno, "cannot start '%s' of the image", path);
		priv_shell_stop(&shell);
		return -1;
	}
	shell.lifeline_fd = fd_take(&pipes.hold[1]);
	shell.progress_fd = fd_take(&pipes.progress[0]);
	shell.messages_fd = fd_take(&pipes.messages[0]);
	*ret_shell = shell;
	return 0;
}

int priv_shell_wait(const struct shell *shell, struct deadline deadline)
{
	struct pollfd fds[] = {
		{ .fd = shell->progress_fd, .events = POLLIN },
		{ .fd = shell->messages_fd, .events = POLLIN },
		{ .fd = shell->pid_fd, .events = POLLIN },
	};
	int ready;

	do
		ready = poll(fds, 3, deadline_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	return ready != 0;
}

int priv_shell_stop(struct shell *shell)
{
	int status = -1;

	if (shell->pid > 0) {
		/* Safe: the leader has not been reaped, so the group id is its
		 * own.  The second kill(2) is for a leader that was too slow to
		 * create its group. */
		kill(-shell->pid, SIGKILL);
		kill(shell->pid, SIGKILL);
		while (waitpid(shell->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	sigaction(SIGCHLD, &shell->before, NULL);
	cleanup_fd(&shell->pid_fd);
	cleanup_fd(&shell->lifeline_fd);
	cleanup_fd(&shell->progress_fd);
	cleanup_fd(&shell->messages_fd);
	shell->pid = -1;
	return status;
}
