/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mount=host: the keeper (spank/keeper) mounts the image on the host as the
 * user, before the tasks start.  slurmstepd makes the mount point, starts the
 * keeper, and removes the mount point at the end, whatever the keeper did.  It
 * never accesses the mounted image.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/keeper_args.h"
#include "common/privileged/cgroup.h"
#include "common/privileged/spawn_as_user.h"
#include "common/server_start.h"
#include "spank/plugin/host_mount.h"

/* The keeper unmounts in milliseconds, or tries for a second. */
#define STOP_TIMEOUT_MS 2000
#define KILL_TIMEOUT_MS 1000

static int start_keeper(struct host_mount *mount,
	const struct identity *identity, int server_fd, int timeout_s,
	struct error *err)
{
	CLEANUP_FD int program_fd = priv_spawn_open(KEEPER_PATH, err);
	CLEANUP_FD int read_fd = -1;
	CLEANUP_FD int write_fd = -1;
	const struct keeper_args args = {
		.timeout_s = timeout_s,
		.mountpoint = mount->mountpoint.path,
	};
	struct keeper_argv argv;
	static char *const no_environment[] = { NULL };
	struct spawn_fds fds = {
		.program = program_fd,
		.control = server_fd,
		.damage = -1,
		/* fusermount3 is a setuid program. */
		.allow_setuid = true,
	};
	int ends[2];

	if (program_fd < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "cannot make a pipe");
	read_fd = fds.lifeline = ends[0];
	mount->lifeline_fd = ends[1];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return error_set(err, errno, "cannot make a pipe");
	mount->reason_fd = ends[0];
	write_fd = fds.extra = ends[1];
	keeper_args_print(&args, "spank-sif-keeper", &argv);
	return priv_spawn(&fds, argv.words, no_environment, identity,
		&mount->child, err);
}

int host_mount_start(struct host_mount *mount, uint32_t job, uint32_t step,
	const struct identity *identity, int server_fd, int timeout_s,
	struct error *err)
{
	mount->namespace_fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (priv_host_mountpoint_make(job, step, identity, &mount->mountpoint,
		    err) < 0 ||
		start_keeper(mount, identity, server_fd, timeout_s, err) < 0)
		return error_prefix(err,
			"cannot prepare the mount of the image on the host "
			"(--sif-host-mount, or mount=host in plugstack.conf)");
	return 0;
}

void host_mount_tasks_forked(struct host_mount *mount, pid_t task)
{
	struct error err;

	if (mount->mountpoint.lock_fd < 0)
		return;
	/* A keeper that is not charged is no failure: it ends soon. */
	if (mount->child.pid != 0 && task != 0)
		priv_cgroup_join(mount->child.pid, task, &err);
	priv_host_mountpoint_seal(&mount->mountpoint);
}

/* The keeper's own words, which the user may have written.  Never waits. */
static void read_reason(struct host_mount *mount, char *ret_words, size_t size)
{
	ssize_t got = read(mount->reason_fd, ret_words, size - 1);

	ret_words[got > 0 ? got : 0] = '\0';
}

/* Returns its status, or 0 if it has none. */
static int wait_for_keeper(struct child *child)
{
	int status = 0;

	if (child->pid == 0 ||
		priv_spawn_wait(child, deadline_in_ms(STOP_TIMEOUT_MS),
			&status))
		return status;
	/* This also kills fusermount3, which the user may have stopped. */
	priv_spawn_kill(child);
	priv_spawn_wait(child, deadline_in_ms(KILL_TIMEOUT_MS), &status);
	return status;
}

static void stop_keeper(struct host_mount *mount)
{
	char words[PIPE_BUF];
	int status;

	cleanup_fd(&mount->lifeline_fd);
	status = wait_for_keeper(&mount->child);
	if (status != CHILD_STATUS_UNKNOWN && WIFEXITED(status) &&
		WEXITSTATUS(status) == HOST_MOUNTER_EXIT_UNMOUNT) {
		read_reason(mount, words, sizeof(words));
		error_set(&mount->failure, 0,
			"the keeper could not unmount '%s' from the host while "
			"the tasks ran; it is unmounted now: %s",
			mount->mountpoint.path, words);
	}
	cleanup_fd(&mount->reason_fd);
}

int host_mount_stop(struct host_mount *mount, struct error *err)
{
	stop_keeper(mount);
	cleanup_fd(&mount->namespace_fd);
	return priv_host_mountpoint_remove(&mount->mountpoint, err);
}

int host_mount_failure(struct host_mount *mount, struct error *err)
{
	if (!error_is_set(&mount->failure))
		return 0;
	*err = mount->failure;
	mount->failure = (struct error){ 0 };
	return -1;
}
