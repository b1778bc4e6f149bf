/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that waits for a file of the image waits in the kernel, and if the
 * server does not answer, SIGKILL does not end the wait.  Slurm would drain the
 * node.  A server that reads an image on a file system that hangs cannot be
 * killed either; a compromised server may have passed its descriptor to another
 * process, or hidden from Slurm.  The watchdog aborts a connection
 *
 *   - when its server has ended, for whatever reason
 *   - when its server was sent SIGKILL, and is still there at a second check,
 *     usually half a second later
 *   - when its server is stopped as often as the watchdog continues it
 *   - when no task goes on, and a task or another process of the user was sent
 *     SIGKILL and is still there at a second check
 *
 * The thread shares only struct fuse_watchdog with slurmstepd's own thread,
 * holds no lock, and blocks all signals.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/privileged/fuse_abort.h"
#include "spank/plugin/server_resume.h"
#include "spank/plugin/fuse_watchdog.h"
#include "spank/plugin/proc_state.h"

/* How often it checks, and so how long a killed server has to end. */
#define PERIOD_MS 500
/* The same until it has opened the connections: the kernel reuses a number
 * when the mount is gone, so it must be opened before. */
#define START_PERIOD_MS 20
#define START_CHECKS    200
/*
 * The same while a server is being stopped, and how often it is continued
 * before its connection is aborted.  Root's processes may wait for the product
 * of both.  scontrol suspend and scancel --signal=STOP stop it once.
 */
#define STOPPED_PERIOD_MS 20
#define STOPS_MAX         25

void fuse_watchdog_prepare(struct fuse_watchdog *watchdog,
	const struct connection *connections, uid_t uid, uint32_t tasks)
{
	watchdog->connections = connections;
	watchdog->uid = uid;
	watchdog->tasks = calloc(tasks, sizeof(*watchdog->tasks));
	watchdog->tasks_size = watchdog->tasks ? tasks : 0;
}

void fuse_watchdog_add(struct fuse_watchdog *watchdog,
	const struct child *server)
{
	int fd = server->pid == 0 ? -1
				  : fcntl(server->pid_fd, F_DUPFD_CLOEXEC, 3);

	watchdog->abort_fds[watchdog->count] = -1;
	watchdog->opened[watchdog->count] = (struct connection){ 0 };
	watchdog->stop_score[watchdog->count] = 0;
	/* A server without a pidfd cannot be watched. */
	watchdog->done[watchdog->count] = fd < 0;
	watchdog->pids[watchdog->count] = server->pid;
	watchdog->pid_fds[watchdog->count++] = fd;
}

void fuse_watchdog_add_task(struct fuse_watchdog *watchdog, pid_t pid)
{
	if (watchdog->tasks_count == watchdog->tasks_size)
		return;
	watchdog->tasks[watchdog->tasks_count] = pid;
	__atomic_store_n(&watchdog->tasks_count, watchdog->tasks_count + 1,
		__ATOMIC_RELEASE);
}

static uint32_t count_tasks(const struct fuse_watchdog *watchdog)
{
	return __atomic_load_n(&watchdog->tasks_count, __ATOMIC_ACQUIRE);
}

/* --- who is dying --------------------------------------------------------- */

/* Safe: the pid is that of a child that has not ended, as its pidfd shows. */
static bool is_dying(pid_t pid)
{
	bool waiting;

	return proc_state_is_dying(pid, &waiting);
}

/* A child that a task has left, or another process of this user, that cannot be
 * killed. */
static bool has_dying_process(const struct fuse_watchdog *watchdog)
{
	struct proc_state state;
	struct dirent *entry;
	bool found = false, waiting;
	DIR *proc = opendir("/proc");
	pid_t pid;

	while (proc && !found && (entry = readdir(proc))) {
		pid = atoi(entry->d_name);
		found = pid > 0 && proc_state_read(pid, &state) &&
			state.uid == watchdog->uid &&
			proc_state_is_dying(pid, &waiting) && waiting;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* If the pid is no longer that of a child, Slurm has reaped the task. */
static bool is_live_task(pid_t pid, struct proc_state *ret_state)
{
	return proc_state_read(pid, ret_state) &&
	       ret_state->parent == getpid() && !ret_state->ended;
}

/* No task goes on, and a process cannot be killed. */
static bool step_is_stuck(const struct fuse_watchdog *watchdog)
{
	uint32_t i, count = count_tasks(watchdog);
	struct proc_state state;
	bool has_dying_task = false;

	if (count == 0 || count < watchdog->tasks_size)
		return false;
	for (i = 0; i < count; i++) {
		if (!is_live_task(watchdog->tasks[i], &state))
			continue;
		if (!is_dying(watchdog->tasks[i]))
			return false;
		has_dying_task = true;
	}
	return has_dying_task || has_dying_process(watchdog);
}

/*
 * Does the connection still belong to this step?  It does while its builder
 * lives, which keeps the mount or takes the note back, or if a task has it
 * mounted.
 */
static bool is_still_ours(const struct fuse_watchdog *watchdog,
	const struct connection *noted)
{
	uint32_t i, count = count_tasks(watchdog);
	struct proc_state state;

	for (i = 0; i < count; i++)
		if (is_live_task(watchdog->tasks[i], &state) &&
			((watchdog->tasks[i] == noted->builder &&
				 !state.exiting) ||
				proc_state_has_mounted(watchdog->tasks[i],
					noted->number)))
			return true;
	return false;
}

/* --- the watchdog --------------------------------------------------------- */

static struct connection connection_of(const struct fuse_watchdog *watchdog,
	size_t i)
{
	struct connection noted;

	__atomic_load(&watchdog->connections[i], &noted, __ATOMIC_ACQUIRE);
	return noted;
}

static bool is_same(const struct connection *one, const struct connection *two)
{
	return one->number == two->number && one->builder == two->builder;
}

/*
 * The connection exists once the first task has made it.  If that task is
 * killed before the container is built, the next task makes another one, which
 * is opened again.  Whether the connection is ours is checked after it has been
 * opened: only then is it known what was opened.
 */
static void open_connection(struct fuse_watchdog *watchdog, size_t i)
{
	struct connection noted = connection_of(watchdog, i), still;
	CLEANUP_FD int fd = -1;

	if (noted.number == 0 || is_same(&noted, &watchdog->opened[i]))
		return;
	fd = priv_fuse_abort_open(noted.number, watchdog->uid);
	if (fd < 0 || !is_still_ours(watchdog, &noted))
		return;
	still = connection_of(watchdog, i);
	if (!is_same(&noted, &still))
		return;
	cleanup_fd(&watchdog->abort_fds[i]);
	watchdog->abort_fds[i] = fd_take(&fd);
	watchdog->opened[i] = noted;
}

/* A server that runs at every other check makes progress. */
static bool keeps_being_stopped(struct fuse_watchdog *watchdog, size_t i)
{
	if (server_resume(watchdog->pids[i], watchdog->pid_fds[i]))
		watchdog->stop_score[i]++;
	else if (watchdog->stop_score[i] > 0)
		watchdog->stop_score[i]--;
	return watchdog->stop_score[i] > STOPS_MAX;
}

/* A killed or stuck process must be found at two checks in a row. */
static bool should_abort(struct fuse_watchdog *watchdog, size_t i,
	bool is_stuck, bool *was_suspect)
{
	bool suspect = is_stuck, known = *was_suspect;

	if (watchdog->pid_fds[i] < 0 || keeps_being_stopped(watchdog, i))
		return true;
	suspect = suspect || is_dying(watchdog->pids[i]);
	*was_suspect = suspect;
	return suspect && known;
}

/* Is there a connection that could be aborted?  If not, there is no need to
 * look through all processes of the node. */
static bool can_abort(const struct fuse_watchdog *watchdog)
{
	size_t i;

	for (i = 0; i < watchdog->count; i++)
		if (!watchdog->done[i] && watchdog->abort_fds[i] >= 0)
			return true;
	return false;
}

/* Abort the connection if there is a reason.  Returns in how many ms to check
 * it again; 0: never. */
static int check_connection(struct fuse_watchdog *watchdog, size_t i,
	bool is_stuck, bool *was_suspect)
{
	bool abort_now = should_abort(watchdog, i, is_stuck, was_suspect);

	if (abort_now && watchdog->abort_fds[i] >= 0) {
		priv_fuse_abort(watchdog->abort_fds[i]);
		watchdog->done[i] = true;
		return 0;
	}
	if (watchdog->stop_score[i] > 0)
		return STOPPED_PERIOD_MS;
	/* A start that takes this long does not need frequent checks. */
	return watchdog->abort_fds[i] < 0 && watchdog->checks < START_CHECKS
		       ? START_PERIOD_MS
		       : PERIOD_MS;
}

/* Returns in how many ms to check again; 0: nothing is left to check. */
static int check_connections(struct fuse_watchdog *watchdog,
	const struct pollfd *polled, bool *was_suspect)
{
	bool is_stuck;
	int next = 0, wanted;
	size_t i;

	watchdog->checks++;
	for (i = 0; i < watchdog->count; i++)
		if (!watchdog->done[i])
			open_connection(watchdog, i);
	is_stuck = can_abort(watchdog) && step_is_stuck(watchdog);
	for (i = 0; i < watchdog->count; i++) {
		if (watchdog->done[i])
			continue;
		if (polled[i].revents)
			cleanup_fd(&watchdog->pid_fds[i]);
		wanted = check_connection(watchdog, i, is_stuck,
			&was_suspect[i]);
		if (wanted > 0 && (next == 0 || wanted < next))
			next = wanted;
	}
	return next;
}

static void *watch_connections(void *argument)
{
	struct fuse_watchdog *watchdog = argument;
	bool was_suspect[CONTAINER_IMAGES_MAX] = { false };
	struct pollfd polled[CONTAINER_IMAGES_MAX + 1];
	size_t i, count = watchdog->count;
	int next = START_PERIOD_MS;

	for (;;) {
		for (i = 0; i < count; i++)
			polled[i] = (struct pollfd){
				.fd = watchdog->done[i] ? -1
							: watchdog->pid_fds[i],
				.events = POLLIN
			};
		polled[count] = (struct pollfd){ .fd = watchdog->stop_fd,
			.events = POLLIN };
		if (poll(polled, count + 1, next) < 0 && errno != EINTR)
			break;
		if (polled[count].revents)
			break;
		next = check_connections(watchdog, polled, was_suspect);
		if (next == 0)
			break;
	}
	return NULL;
}

void fuse_watchdog_start(struct fuse_watchdog *watchdog)
{
	sigset_t all, before;

	watchdog->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (watchdog->stop_fd < 0)
		return;
	/* Signals are for Slurm's own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&watchdog->thread, NULL, watch_connections,
		    watchdog) != 0)
		cleanup_fd(&watchdog->stop_fd);
	else
		pthread_setname_np(watchdog->thread, "spank-sif-watch");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void fuse_watchdog_stop(struct fuse_watchdog *watchdog)
{
	const uint64_t one = 1;
	size_t i;

	/* poll is the only call of the thread that waits. */
	if (watchdog->stop_fd >= 0 &&
		write(watchdog->stop_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(watchdog->thread, NULL);
	cleanup_fd(&watchdog->stop_fd);
	for (i = 0; i < watchdog->count; i++) {
		cleanup_fd(&watchdog->abort_fds[i]);
		cleanup_fd(&watchdog->pid_fds[i]);
	}
	watchdog->count = 0;
	free(watchdog->tasks);
	watchdog->tasks = NULL;
	watchdog->tasks_size = watchdog->tasks_count = 0;
}
