/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A task on the way to its command, between Slurm and entry.c.  Takes what
 * entering needs from SPANK and the step, and returns the result.
 *
 *   task_prepare  as root: opens /dev/fuse, keeps capabilities
 *   task_enter    as the user: enters the container, changes the environment
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "common/privileged/caps.h"
#include "spank/plugin/command.h"
#include "spank/plugin/entry.h"
#include "spank/plugin/file_size_limit.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/expand.h"
#include "spank/plugin/step_log.h"
#include "spank/plugin/task.h"
#include "spank/plugin/task_environment.h"

int task_local_number(spank_t spank)
{
	int number = 0;

	spank_get_item(spank, S_TASK_ID, &number);
	return number;
}

/* --- as root -------------------------------------------------------------- */

/* Safe: a device of the host, which may be root's alone.  Each task opens its
 * own, so that none share a connection. */
static int open_fuse(struct task *task, size_t count, struct error *err)
{
	size_t i;

	for (i = 0; i < count; i++) {
		task->fuse_fds[i] = open("/dev/fuse", O_RDWR | O_CLOEXEC);
		if (task->fuse_fds[i] < 0)
			return error_set(err, errno,
				"cannot open '/dev/fuse' on this node (is the "
				"module fuse loaded?)");
	}
	return 0;
}

/* Slurm may have put the task into a mount namespace of the job, which does not
 * show what the keeper mounts (job_container/tmpfs). */
static int other_namespace(int namespace_fd)
{
	struct stat other, own;

	if (namespace_fd < 0 || fstat(namespace_fd, &other) < 0 ||
		stat("/proc/self/ns/mnt", &own) < 0)
		return -1;
	return other.st_ino == own.st_ino ? -1 : namespace_fd;
}

int task_prepare(struct task *task, const struct step *step,
	const struct plugstack_args *args, struct error *err)
{
	/* Nothing is kept: Slurm's change of ids takes all capabilities. */
	if (args->userns)
		return 0;
	if (open_fuse(task, step->servers_count, err) < 0)
		return -1;
	task->host_namespace_fd =
		other_namespace(step->host_mount.namespace_fd);
	return priv_caps_keep(
		!settings_is(&step->settings, SETTING_WRITABLE_TMPFS, WORD_NO),
		err);
}

/* --- as the user ---------------------------------------------------------- */

/* The script of a batch step, which Slurm has put into its spool. */
static const char *batch_script(spank_t spank)
{
	uint32_t number = 0;
	char **argv = NULL;
	int argc = 0;

	spank_get_item(spank, S_JOB_STEPID, &number);
	if (number != SLURM_BATCH_SCRIPT ||
		spank_get_item(spank, S_JOB_ARGV, &argc, &argv) !=
			ESPANK_SUCCESS)
		return NULL;
	return argc > 0 ? argv[0] : NULL;
}

/* A directory that is the administrator's default may depend on the user, who
 * is looked up here, not as root. */
static int expand_default(struct step *step, enum setting setting, uint32_t job,
	struct error *err)
{
	const char *value = settings_path(&step->settings, setting);
	struct admin_variables variables;
	char path[PATH_MAX];

	if (!step->is_default[setting] || !value || !strpbrk(value, "$~"))
		return 0;
	admin_variables_load(job, &variables);
	if (expand_absolute(value, variables.list, path, err) < 0)
		return error_prefix(err, "%s= in plugstack.conf",
			setting_rule(setting)->name);
	return settings_put(&step->settings, setting, path, err);
}

static int expand_defaults(struct step *step, uint32_t job, struct error *err)
{
	if (expand_default(step, SETTING_HOME, job, err) == 0 &&
		expand_default(step, SETTING_WORKDIR, job, err) == 0)
		return 0;
	return report_common_failure(&step->shared->reported, err);
}

static const char *host_path(const struct step *step)
{
	const struct host_mount *mount = &step->host_mount;

	return mount->mountpoint.lock_fd < 0 ? NULL : mount->mountpoint.path;
}

static int enter_container(spank_t spank, struct task *task, struct step *step,
	const struct plugstack_args *args, struct entry_result *ret_result,
	struct report *report, struct error *err)
{
	int tasks_fds[CONTAINER_IMAGES_MAX];
	struct entry_request request = {
		.plan = {
			.settings = &step->settings,
			.args = args,
			.script = batch_script(spank),
			.connections = step->shared->connections,
			.host_path = host_path(step),
			.host_namespace_fd = task->host_namespace_fd,
		},
		.tasks_fds = tasks_fds,
		.fuse_fds = task->fuse_fds,
		.started_us = step->started_us,
		.timeout_s = args->timeout_s,
		.reported = &step->shared->reported,
	};
	char **job = NULL;
	size_t i;

	for (i = 0; i < step->servers_count; i++)
		tasks_fds[i] = step->servers[i].tasks_fd;
	if (task_environment_load(spank, &job, err) < 0)
		return -1;
	spank_get_item(spank, S_JOB_ID, &request.plan.job_id);
	request.plan.job = job;
	request.plan.home = envp_get(job, "HOME");
	if (expand_defaults(step, request.plan.job_id, err) < 0)
		return -1;
	return entry_run(&request, ret_result, report, err);
}

static void report_moved(const struct entry_result *result,
	struct report *report)
{
	if (!result->directory[0])
		report_note(report,
			"the step's working directory has no name on this "
			"node: starting in '%s' instead",
			result->pwd);
	else
		report_note(report,
			"cannot use the working directory '%s' in the image: "
			"%s: starting in '%s' instead",
			result->directory, strerror(result->moved),
			result->pwd);
}

/* With --multi-prog Slurm shows the name of a file and its lines instead, and
 * each task has a command of its own. */
static void check_command(spank_t spank, struct report *report)
{
	char path[COMMAND_PATH_SIZE] = "";
	char **argv = NULL;
	int argc = 0;

	if (spank_get_item(spank, S_JOB_ARGV, &argc, &argv) != ESPANK_SUCCESS ||
		argc < 1 || (argc > 1 && strchr(argv[1], '\n')) ||
		spank_getenv(spank, "PATH", path, sizeof(path)) !=
			ESPANK_SUCCESS)
		return;
	command_check(argv[0], path, report);
}

/* One task of the node reports what is the same for all. */
static int give_back(spank_t spank, const struct step *step,
	const struct entry_result *result, struct report *report,
	struct error *err)
{
	bool is_first = task_local_number(spank) == 0;

	if (result->moved && is_first)
		report_moved(result, report);
	if (result->is_builder) {
		task_environment_report(&result->edits, report);
		step_log_uuid(step, &result->edits.list);
	}
	if (task_environment_change(spank, &result->edits, result->pwd, err) <
		0)
		return -1;
	/* Each task that joins a step is a builder. */
	if (settings_have_join(&step->settings) ? is_first : result->is_builder)
		check_command(spank, report);
	return 0;
}

int task_enter(spank_t spank, struct task *task, struct step *step,
	const struct plugstack_args *args, struct report *report,
	struct error *err)
{
	struct file_size_limit limit;
	struct entry_result result;
	int entered;
	size_t i;

	file_size_limit_raise(&limit);
	entered =
		enter_container(spank, task, step, args, &result, report, err);
	if (entered == 0) {
		for (i = 0; i < step->servers_count; i++)
			cleanup_fd(&task->fuse_fds[i]);
		entered = give_back(spank, step, &result, report, err);
		entry_result_free(&result);
	}
	file_size_limit_restore(&limit);
	return entered;
}
