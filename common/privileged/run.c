/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a helper program of this installation from a process of the user: a
 * command such as srun, or a task before it builds the container.  It is in
 * this folder because it creates a process; it changes no privileges.  A task
 * that has kept capabilities does not pass them on: execve(2) clears them for
 * any user but root.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/child.h"
#include "common/cleanup.h"
#include "common/privileged/run.h"

/* Time limit for its exit, after the end of its output or SIGKILL. */
#define END_TIMEOUT_MS 1000

static int set_actions(posix_spawn_file_actions_t *actions, int input_fd,
	int output_fd)
{
	return posix_spawn_file_actions_adddup2(actions, input_fd, 0) ||
	       posix_spawn_file_actions_adddup2(actions, output_fd, 1) ||
	       posix_spawn_file_actions_adddup2(actions, output_fd, 2) ||
	       posix_spawn_file_actions_addclosefrom_np(actions, 3);
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	return posix_spawnattr_setsigdefault(attributes, &all) ||
	       posix_spawnattr_setsigmask(attributes, &none) ||
	       posix_spawnattr_setflags(attributes,
		       POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int spawn_program(const char *path, char *const argv[],
	char *const envp[], int input_fd, int output_fd,
	struct child *ret_child)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	failed = set_actions(&actions, input_fd, output_fd) ||
		 set_attributes(&attributes);
	errno = failed ? EINVAL : 0;
	if (!failed)
		errno = posix_spawn(&ret_child->pid, path, &actions,
			&attributes, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (errno)
		return -1;
	/* Safe: our own child, which nobody else reaps. */
	ret_child->pid_fd = syscall(SYS_pidfd_open, ret_child->pid, 0);
	if (ret_child->pid_fd >= 0)
		return 0;
	kill(ret_child->pid, SIGKILL);
	waitpid(ret_child->pid, NULL, 0);
	return -1;
}

/* Read until end of file; what does not fit is read and discarded. */
static int read_output(int fd, struct deadline deadline, char *output,
	size_t size)
{
	char rest[4096];
	size_t used = 0;
	ssize_t got;

	output[0] = '\0';
	for (;;) {
		if (deadline_wait_readable(deadline, fd) != 1)
			return -1;
		got = used < size - 1 ? read(fd, output + used, size - 1 - used)
				      : read(fd, rest, sizeof(rest));
		if (got <= 0)
			return got;
		if (used < size - 1)
			used += got;
		output[used] = '\0';
	}
}

int priv_run_with_envp(const char *path, char *const argv[], char *const envp[],
	int input_fd, struct deadline deadline, char *ret_output, size_t size,
	struct error *err)
{
	CLEANUP_FD int read_fd = -1;
	CLEANUP_FD int write_fd = -1;
	int ends[2], status = 0, collected;
	bool ended;
	struct child child = { .pid_fd = -1 };

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	read_fd = ends[0];
	write_fd = ends[1];
	if (spawn_program(path, argv, envp, input_fd, write_fd, &child) < 0)
		return error_set(err, errno,
			"cannot execute '%s', which belongs to the "
			"installation",
			path);
	cleanup_fd(&write_fd);
	collected = read_output(read_fd, deadline, ret_output, size);
	if (collected < 0)
		child_kill(&child);
	/* A child that hangs in a read of the image does not die yet. */
	ended = child_wait(&child, deadline_in_ms(END_TIMEOUT_MS), &status);
	cleanup_fd(&child.pid_fd);
	if (collected < 0 || !ended)
		return error_set(err, 0, "'%s' did not end in time", path);
	if (!WIFEXITED(status))
		return error_set(err, 0, "'%s' was killed by signal %d", path,
			WTERMSIG(status));
	return WEXITSTATUS(status);
}

int priv_run(const char *path, char *const argv[], int input_fd,
	struct deadline deadline, char *ret_output, size_t size,
	struct error *err)
{
	static char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		NULL };

	return priv_run_with_envp(path, argv, envp, input_fd, deadline,
		ret_output, size, err);
}
