/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What slurmstepd starts for a step: a server for each image; with mount=host
 * the keeper, which shares a socket pair with the server; and, once there are
 * tasks, the FUSE watchdog.  slurmstepd waits for none of them here.
 */
#include <errno.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "spank/plugin/io/say.h"
#include "spank/plugin/step_start.h"

static int load_identity(spank_t spank, struct identity *ret_identity,
	struct error *err)
{
	struct identity identity = { 0 };
	gid_t *groups = NULL;

	if (spank_get_item(spank, S_JOB_UID, &identity.uid) != 0 ||
		spank_get_item(spank, S_JOB_GID, &identity.gid) != 0 ||
		spank_get_item(spank, S_JOB_SUPPLEMENTARY_GIDS, &groups,
			&identity.groups_count) != 0)
		return error_set(err, 0,
			"cannot get the job's ids from Slurm; please tell the "
			"administrator");
	identity.groups = groups;
	*ret_identity = identity;
	return 0;
}

/* The servers wait for that many tasks, and stop after the last. */
static int load_tasks(spank_t spank, uint32_t *ret_tasks, struct error *err)
{
	if (spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, ret_tasks) == 0 &&
		*ret_tasks > 0)
		return 0;
	return error_set(err, 0,
		"cannot get the number of the step's tasks on this node from "
		"Slurm; please tell the administrator");
}

/* --- the keeper, with mount=host ------------------------------------------ */

static int pair_with_keeper(struct step *step, int *ret_keepers_fd,
	struct error *err)
{
	int ends[2];

	if (settings_is(&step->settings, SETTING_HOST_MOUNT, WORD_NO) ||
		step->servers_count == 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, errno, "cannot make a socket pair");
	step->servers[0].host_mounter_fd = ends[0];
	*ret_keepers_fd = ends[1];
	return 0;
}

static int start_keeper(spank_t spank, struct step *step,
	const struct identity *identity, int server_fd, int timeout_s,
	struct error *err)
{
	uint32_t job = 0, number = 0;

	if (server_fd < 0)
		return 0;
	spank_get_item(spank, S_JOB_ID, &job);
	spank_get_item(spank, S_JOB_STEPID, &number);
	return host_mount_start(&step->host_mount, job, number, identity,
		server_fd, timeout_s, err);
}

/* --- the servers ---------------------------------------------------------- */

/* The user's path goes to the user's process and is not used here.  The first
 * task resolves a bare name. */
static void find_hints(spank_t spank, const struct step *step,
	struct image_server_hints *ret_hints)
{
	const char *image = settings_image(&step->settings);
	char **argv = NULL;
	int argc = 0;

	if (image[0] == '/')
		ret_hints->image = image;
	if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) == ESPANK_SUCCESS &&
		argc > 0)
		ret_hints->command = argv[0];
}

/* Safe: root opens its own program, by configure's path; the child gives up
 * root before it executes that. */
static int start_server(struct step *step, size_t i,
	const struct identity *identity, const struct plugstack_args *args,
	const struct image_server_hints *hints, struct error *err)
{
	struct image_server *server = &step->servers[i];

	if (image_server_prepare(server, args, err) < 0)
		return -1;
	return image_server_start(server, identity, step->tasks_left, args,
		hints, err);
}

static int start_servers(spank_t spank, struct step *step,
	const struct identity *identity, const struct plugstack_args *args,
	struct error *err)
{
	struct image_server_hints hints = { 0 };
	size_t i;
	int rc = 0;

	if (step->servers_count == 0)
		return 0;                /* it joins another step */
	find_hints(spank, step, &hints); /* for the root's server */
	for (i = 0; rc == 0 && i < step->servers_count; i++) {
		hints.name = step_image_name(step, i);
		rc = start_server(step, i, identity, args, &hints, err);
		hints = (struct image_server_hints){ 0 };
	}
	return rc;
}

int step_start(spank_t spank, struct step *step,
	const struct plugstack_args *args, struct error *err)
{
	CLEANUP_FD int keepers_fd = -1;
	struct identity identity;

	if (load_tasks(spank, &step->tasks_left, err) < 0 ||
		load_identity(spank, &identity, err) < 0 ||
		pair_with_keeper(step, &keepers_fd, err) < 0 ||
		step_share(step, err) < 0)
		return -1;
	fuse_watchdog_prepare(&step->watchdog, step->shared->connections,
		identity.uid, step->tasks_left);
	if (start_servers(spank, step, &identity, args, err) < 0)
		return -1;
	return start_keeper(spank, step, &identity, keepers_fd, args->timeout_s,
		err);
}

/* --- with the tasks ------------------------------------------------------- */

/* If this fails the step runs, but is not charged for its server. */
static void join_cgroup(struct image_server *server, pid_t task)
{
	struct error err;

	if (image_server_join_cgroup(server, task, &err) < 0)
		say_note("warning: cannot move the image server into the "
			 "step's cgroup: %s",
			err.text);
}

void step_task_forked(struct step *step, const struct task_event *event)
{
	size_t i;

	fuse_watchdog_add_task(&step->watchdog, event->pid);
	/* Slurm has forked all tasks when it calls this for the first. */
	if (event->number != 0)
		return;
	for (i = 0; i < step->servers_count; i++) {
		/* From now on the socket is the tasks' alone. */
		cleanup_fd(&step->servers[i].tasks_fd);
		if (event->pid)
			join_cgroup(&step->servers[i], event->pid);
	}
	host_mount_tasks_forked(&step->host_mount, event->pid);
	for (i = 0; i < step->servers_count; i++)
		fuse_watchdog_add(&step->watchdog, &step->servers[i].child);
	fuse_watchdog_start(&step->watchdog);
}
