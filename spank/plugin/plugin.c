/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hooks that Slurm calls, in the order of a step; see spank(8) for where
 * each runs and doc/privileges.md for with which rights:
 *
 *   init                    srun, sbatch, salloc; slurmd; slurmstepd as root
 *   init_post_opt           the same; slurmstepd: start the image server
 *   task_init_privileged    each task, root: keep what entering needs
 *   task_post_fork          slurmstepd, root: the server joins the first task
 *   task_init               each task, the user: enter the container
 *   task_exit, exit         slurmstepd, root: report and end the server
 *
 * Only task_init fails a step, as -1 would, see end_task(): in any other hook a
 * failure drains the node or is lost, and a positive number counts as success
 * (Slurm 22.05).  They record theirs in the session, for task_init to say.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "common/cleanup.h"
#include "common/priv_caps.h"
#include "spank/plugin/options.h"
#include "spank/plugin/session.h"
#include "spank/plugin/task.h"

SPANK_PLUGIN(spank_sif, 1)

struct session session = {
	.server = IMAGE_SERVER_NONE,
	.fuse_fd = -1,
};

/* The first failure is the cause; what follows from it is not worth saying. */
static void record(const struct error *err)
{
	if (!session.error.text[0])
		session.error = *err;
}

/*
 * With contain_spank (Slurm 24.05 and later) some hooks run in a child that
 * shares slurmstepd's memory, but has descriptors and children of its own: what
 * it would close, or wait for, is slurmstepd's.
 */
static bool is_contained(void)
{
	return getpid() != session.pid;
}

/*
 * Tasks that srun started; not the batch script, salloc's interactive step or
 * the step that only holds a job's processes, which run on the host.
 */
static bool is_ordinary_step(spank_t spank)
{
	uint32_t step = 0;

	return spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS &&
	       step <= SLURM_MAX_NORMAL_STEP_ID;
}

/* The number of the task among the step's on this node; 0 if unknown. */
static int local_task(spank_t spank)
{
	int task = 0;

	spank_get_item(spank, S_TASK_ID, &task);
	return task;
}

int slurm_spank_init(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	spank_context_t context = spank_context();

	/* Of no concern to steps without an image; the administrator reads it
	 * when slurmd starts. */
	if (arguments_parse(argc, argv, &session.arguments,
		    &session.arguments_error) < 0 &&
		context == S_CTX_SLURMD)
		slurm_error("spank_sif: %s", session.arguments_error.text);
	if (context != S_CTX_LOCAL && context != S_CTX_ALLOCATOR &&
		context != S_CTX_REMOTE)
		return 0;
	if (options_register(spank, &err) < 0) {
		slurm_error("spank_sif: %s", err.text);
		record(&err);
	}
	return 0;
}

static int check_submission(void)
{
	if (!session.image[0] || !session.arguments_error.text[0])
		return 0;
	slurm_error("spank_sif: %s", session.arguments_error.text);
	return -1;
}

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

static int start_server(spank_t spank, struct error *err)
{
	struct identity identity;

	spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, &session.tasks_left);
	/* Safe: root opens its own program, by configure's path; the child
	 * gives up root before it executes that. */
	if (load_identity(spank, &identity, err) < 0 ||
		image_server_prepare(&session.server, err) < 0)
		return -1;
	return image_server_start(&session.server, &identity,
		session.tasks_left, &session.arguments, err);
}

int slurm_spank_init_post_opt(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)argc;
	(void)argv;
	if (spank_context() != S_CTX_REMOTE)
		return check_submission();
	session.pid = getpid();
	session.runs_image = is_ordinary_step(spank) &&
			     (session.image[0] || session.option_error.text[0]);
	record(&session.option_error);
	record(&session.arguments_error);
	if (session.runs_image && !session.error.text[0] &&
		start_server(spank, &err) < 0)
		record(&err);
	return 0;
}

int slurm_spank_task_init_privileged(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)spank;
	(void)argc;
	(void)argv;
	if (!session.runs_image || session.error.text[0])
		return 0;
	/* Safe: a device of the host, which may be root's alone.  Opened anew
	 * in each task, so that no two ever share a connection. */
	session.fuse_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (session.fuse_fd < 0) {
		error_set(&err, errno,
			"cannot open '/dev/fuse' on this node (is the module "
			"fuse loaded?)");
		record(&err);
		return 0;
	}
	if (priv_caps_keep(&err) < 0)
		record(&err);
	return 0;
}

int slurm_spank_task_post_fork(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	pid_t task = 0;

	(void)argc;
	(void)argv;
	if (!session.runs_image || local_task(spank) != 0)
		return 0;
	/* Slurm has forked all tasks when it calls this for the first: the
	 * socket is theirs alone from now on. */
	if (!is_contained())
		cleanup_fd(&session.server.tasks_fd);
	if (spank_get_item(spank, S_TASK_PID, &task) != ESPANK_SUCCESS)
		return 0;
	/* The step runs without, only not charged for its server. */
	if (image_server_adopt(&session.server, task, &err) < 0)
		slurm_error("spank_sif: the image server stays out of the "
			    "step's cgroup: %s",
			err.text);
	return 0;
}

static int enter_container(spank_t spank, struct error *err)
{
	char home[PATH_MAX], directory[PATH_MAX];
	int moved = 0;
	const struct task_request request = {
		.image = session.image,
		.home = spank_getenv(spank, "HOME", home, sizeof(home)) ==
					ESPANK_SUCCESS
				? home
				: NULL,
		.tasks_fd = session.server.tasks_fd,
		.fuse_fd = &session.fuse_fd,
		.timeout_s = session.arguments.timeout_s,
		.speaks = local_task(spank) == 0,
	};

	if (task_enter(&request, directory, &moved, err) < 0)
		return -1;
	if (moved && request.speaks && !directory[0])
		slurm_error("spank_sif: the step's working directory has no "
			    "name on this node: starting in '/' instead");
	else if (moved && request.speaks)
		slurm_error("spank_sif: cannot use the working directory '%s' "
			    "in the image: %s: starting in '/' instead",
			directory, strerror(moved));
	return 0;
}

/*
 * Slurm makes exit status 1 of the -1 of a required plugin.  With an optional
 * one it would go on and run the command: on the host, in whatever was built
 * of a container, with what rights there were.  That must not be.
 */
static void __attribute__((noreturn)) end_task(void)
{
	struct error err;

	priv_caps_drop(&err);
	_exit(EXIT_FAILURE);
}

int slurm_spank_task_init(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)argc;
	(void)argv;
	if (!session.runs_image)
		return 0;
	if (!session.error.text[0] && enter_container(spank, &err) == 0)
		return 0;
	/* What went wrong before the tasks went wrong for all: say it once. */
	if (session.error.text[0] && local_task(spank) == 0)
		err = session.error;
	if (err.text[0])
		slurm_error("spank_sif: %s", err.text);
	end_task();
}

/* By SIGKILL; or a shell, which says so of the command that it ran. */
static bool was_killed(int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL;
	return WEXITSTATUS(status) == 128 + SIGKILL;
}

int slurm_spank_task_exit(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };
	int status = 0;

	(void)argc;
	(void)argv;
	if (!session.runs_image || is_contained())
		return 0;
	spank_get_item(spank, S_TASK_EXIT_STATUS, &status);
	if (session.tasks_left > 0)
		session.tasks_left--;
	if (image_server_check(&session.server, was_killed(status),
		    session.tasks_left == 0, &err) < 0)
		slurm_error("spank_sif: %s", err.text);
	return 0;
}

int slurm_spank_exit(spank_t spank, int argc, char *argv[])
{
	struct error err = { 0 };

	(void)spank;
	(void)argc;
	(void)argv;
	if (session.runs_image && image_server_stop(&session.server, &err) < 0)
		slurm_error("spank_sif: %s", err.text);
	return 0;
}
