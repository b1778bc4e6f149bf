/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server that reads an image on a file system which hangs cannot be killed,
 * and one that was taken over may have left its descriptor elsewhere: in both
 * cases whoever waits for a file of the image waits in the kernel, SIGKILL or
 * not.  The watch sees to that: the connection ends with the server, or a
 * second after the server was sent SIGKILL.
 *
 * The thread shares nothing with slurmstepd's but struct watch, holds no lock,
 * and blocks all signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/priv_fuse_abort.h"
#include "spank/plugin/watch.h"

/* How often it looks, and so how long a killed server has to end. */
#define PERIOD_MS 1000
/* The same until it knows the connections: a number is used again once its
 * mount is gone, so that it must be looked up before. */
#define START_PERIOD_MS 20
#define START_LOOKS     200

void watch_add(struct watch *watch, const struct child *server)
{
	int fd = server->pid == 0 ? -1
				  : fcntl(server->pid_fd, F_DUPFD_CLOEXEC, 3);

	watch->abort_fds[watch->count] = -1;
	watch->pids[watch->count] = server->pid;
	watch->pid_fds[watch->count++] = fd;
}

/* The two lines of pending signals, see proc(5): is SIGKILL among them? */
static bool has_pending_kill(const char *status)
{
	static const char *const names[] = { "\nSigPnd:", "\nShdPnd:" };
	const char *line;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		line = strstr(status, names[i]);
		if (line && strtoull(line + strlen(names[i]), NULL, 16) >>
					    (SIGKILL - 1) &
				    1)
			return true;
	}
	return false;
}

/* Safe: the pid is that of a child which has not ended, as its pidfd says. */
static bool is_dying(pid_t pid)
{
	char path[32], status[4096];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, status, sizeof(status) - 1);
	close(fd);
	status[length > 0 ? length : 0] = '\0';
	return has_pending_kill(status);
}

/* Not at once: the first task has to make it. */
static void open_connection(struct watch *watch, size_t i)
{
	uint32_t connection;

	if (watch->abort_fds[i] >= 0)
		return;
	connection = __atomic_load_n(&watch->connections[i], __ATOMIC_ACQUIRE);
	if (connection != 0)
		watch->abort_fds[i] = priv_fuse_open(connection, watch->uid);
}

/* Left in place for who reaps it.  A server that ends so has been told by the
 * kernel that its mount is gone. */
static bool ended_well(int pid_fd)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PIDFD, pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       info.si_code == CLD_EXITED && info.si_status == 0;
}

static void end_connection(struct watch *watch, size_t i)
{
	if (watch->abort_fds[i] >= 0 && !ended_well(watch->pid_fds[i]))
		priv_fuse_abort(watch->abort_fds[i]);
	cleanup_fd(&watch->abort_fds[i]);
	cleanup_fd(&watch->pid_fds[i]);
}

/* Returns in how many ms to look again; 0: there is nothing to be seen. */
static int look(struct watch *watch, const struct pollfd *polled,
	bool *is_suspect)
{
	int next = 0;
	bool dying;
	size_t i;

	for (i = 0; i < watch->count; i++) {
		if (watch->pid_fds[i] < 0)
			continue;
		dying = !polled[i].revents && is_dying(watch->pids[i]);
		if (polled[i].revents || (dying && is_suspect[i])) {
			end_connection(watch, i);
			continue;
		}
		is_suspect[i] = dying;
		open_connection(watch, i);
		if (next == 0 || watch->abort_fds[i] < 0)
			next = watch->abort_fds[i] < 0 ? START_PERIOD_MS
						       : PERIOD_MS;
	}
	return next;
}

static void *run(void *argument)
{
	struct watch *watch = argument;
	bool is_suspect[CONTAINER_IMAGES_MAX] = { false };
	struct pollfd polled[CONTAINER_IMAGES_MAX + 1];
	size_t i, count = watch->count;
	int looks = 0, next = START_PERIOD_MS;

	for (;;) {
		for (i = 0; i < count; i++)
			polled[i] = (struct pollfd){ .fd = watch->pid_fds[i],
				.events = POLLIN };
		polled[count] = (struct pollfd){ .fd = watch->stop_fd,
			.events = POLLIN };
		if (poll(polled, count + 1, next) < 0 && errno != EINTR)
			break;
		if (polled[count].revents)
			break;
		next = look(watch, polled, is_suspect);
		if (next == 0)
			break;
		/* A start that takes so long is not worth the hurry. */
		if (++looks > START_LOOKS)
			next = PERIOD_MS;
	}
	return NULL;
}

void watch_start(struct watch *watch)
{
	sigset_t all, before;

	watch->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (watch->stop_fd < 0)
		return;
	/* Slurm's signals are for its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&watch->thread, NULL, run, watch) != 0)
		cleanup_fd(&watch->stop_fd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void watch_stop(struct watch *watch)
{
	const uint64_t one = 1;
	size_t i;

	/* It makes no call that waits but poll. */
	if (watch->stop_fd >= 0 &&
		write(watch->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(watch->thread, NULL);
	cleanup_fd(&watch->stop_fd);
	for (i = 0; i < watch->count; i++) {
		cleanup_fd(&watch->abort_fds[i]);
		cleanup_fd(&watch->pid_fds[i]);
	}
	watch->count = 0;
}
