/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What entry.c needs of Slurm, and what Slurm gets from it: the step as SPANK
 * shows it goes in, the changes of the task's environment come out.
 */
#include <string.h>

#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "common/cleanup.h"
#include "spank/plugin/command.h"
#include "spank/plugin/entry.h"
#include "spank/plugin/session.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/settings/expand.h"
#include "spank/plugin/step_log.h"
#include "spank/plugin/task.h"

/* Of a value that --sif-debug tells. */
#define VALUE_SHOWN_MAX 500

/* The script of a batch step, which Slurm has put into its spool. */
static const char *batch_script(spank_t spank)
{
	uint32_t step = 0;
	char **argv = NULL;
	int argc = 0;

	spank_get_item(spank, S_JOB_STEPID, &step);
	if (step != SLURM_BATCH_SCRIPT ||
		spank_get_item(spank, S_JOB_ARGV, &argc, &argv) !=
			ESPANK_SUCCESS)
		return NULL;
	return argc > 0 ? argv[0] : NULL;
}

static void report_moved(const struct entry_result *result,
	struct report *report)
{
	if (!result->directory[0])
		report_note(report,
			"the step's working directory has no name on this "
			"node: starting in '/' instead");
	else
		report_note(report,
			"cannot use the working directory '%s' in the image: "
			"%s: starting in '/' instead",
			result->directory, strerror(result->moved));
}

/* Without a value, unset it. */
static int change_variable(spank_t spank, const char *name, const char *value,
	struct error *err)
{
	spank_err_t rc = value ? spank_setenv(spank, name, value, 1)
			       : spank_unsetenv(spank, name);

	if (rc == ESPANK_SUCCESS)
		return 0;
	return error_set(err, 0, "cannot set the variable %s: %s", name,
		spank_strerror(rc));
}

static int change_environment(spank_t spank, const struct entry_result *result,
	struct error *err)
{
	const struct environment_entry *entry = result->edits.list.entries;
	size_t i;

	for (i = 0; i < result->edits.list.count; i++, entry++)
		if (change_variable(spank, entry->name, entry->value, err) < 0)
			return -1;
	return change_variable(spank, "PWD", result->pwd, err);
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

/* A line for each variable, and one for those that a source has taken away. */
static void report_environment(const struct environment *edits,
	const struct environment *setters, struct report *report)
{
	const struct environment_entry *entry;
	const char *script;
	char names[2048];
	int source;
	size_t i;

	for (i = 0; i < edits->count; i++) {
		entry = &edits->entries[i];
		if (!entry->value)
			continue;
		script = entry->source == ENVIRONMENT_IMAGE
				 ? environment_value(setters, entry->name)
				 : NULL;
		report_detail(report, "variable  %s=%.*s%s  from %s%s%s%s",
			entry->name, VALUE_SHOWN_MAX, entry->value,
			strlen(entry->value) > VALUE_SHOWN_MAX ? "..." : "",
			environment_source_name(entry->source),
			script ? " (" : "", script ? script : "",
			script ? ")" : "");
	}
	for (source = 0; source < ENVIRONMENT_SOURCES; source++)
		if (environment_describe_absent(edits, source, names,
			    sizeof(names)))
			report_detail(report, "variables taken away by %s: %s",
				environment_source_name(source), names);
}

/*
 * Without HOME and USER, which --export=NONE takes away, programs in the image
 * cannot find what is theirs.  Those of the user's entry are taken for the
 * job's, before anything looks at its environment.
 */
static int complete_job(spank_t spank, char ***ret_job, struct error *err)
{
	static const char *const names[] = { "USER", "HOME" };
	struct admin_variables variables;
	char *const *found = NULL;
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		/* Anew each time: spank_setenv() moves it. */
		spank_get_item(spank, S_JOB_ENV, ret_job);
		if (envp_get(*ret_job, names[i]))
			continue;
		if (!found)
			admin_variables_load(0, &variables);
		found = variables.list;
		value = envp_get(found, names[i]);
		if (value && change_variable(spank, names[i], value, err) < 0)
			return -1;
	}
	spank_get_item(spank, S_JOB_ENV, ret_job);
	return 0;
}

/* A directory that is the administrator's default may depend on the user, who
 * is looked up in a task, not as root. */
static int complete_default(enum setting setting, uint32_t job,
	struct error *err)
{
	const char *value = settings_path(&session.settings, setting);
	struct admin_variables variables;
	char path[PATH_MAX];

	if (!session.is_default[setting] || !value || !strpbrk(value, "$~"))
		return 0;
	admin_variables_load(job, &variables);
	if (expand_absolute(value, variables.list, path, err) < 0)
		return error_prefix(err, "%s= in plugstack.conf",
			setting_rule(setting)->name);
	return settings_put(&session.settings, setting, path, err);
}

static int complete_defaults(uint32_t job, struct error *err)
{
	if (complete_default(SETTING_HOME, job, err) == 0 &&
		complete_default(SETTING_WORKDIR, job, err) == 0)
		return 0;
	return report_common_failure(&session.shared->reported, err);
}

int enter_container(spank_t spank, bool speaks, struct report *report,
	struct error *err)
{
	char **job = NULL;
	int tasks_fds[CONTAINER_IMAGES_MAX];
	struct entry_request request = {
		.plan = {
			.settings = &session.settings,
			.args = &session.args,
			.script = batch_script(spank),
			.connections = session.shared->connections,
			.host_path = session.host_mount.mountpoint.lock_fd < 0
					     ? NULL
					     : session.host_mount.mountpoint.path,
		},
		.tasks_fds = tasks_fds,
		.fuse_fds = session.fuse_fds,
		.started_us = session.started_us,
		.timeout_s = session.args.timeout_s,
		.reported = &session.shared->reported,
	};
	struct entry_result result;
	int changed;
	size_t i;

	for (i = 0; i < session.servers_count; i++)
		tasks_fds[i] = session.servers[i].tasks_fd;
	if (complete_job(spank, &job, err) < 0)
		return -1;
	spank_get_item(spank, S_JOB_ID, &request.plan.job_id);
	request.plan.job = job;
	request.plan.home = envp_get(job, "HOME");
	if (complete_defaults(request.plan.job_id, err) < 0)
		return -1;
	if (entry_run(&request, &result, report, err) < 0)
		return -1;
	for (i = 0; i < session.servers_count; i++)
		cleanup_fd(&session.fuse_fds[i]);
	if (result.moved && speaks)
		report_moved(&result, report);
	if (result.is_builder) {
		report_environment(&result.edits.list, &result.edits.setters,
			report);
		step_log_uuid(&result.edits.list);
	}
	changed = change_environment(spank, &result, err);
	/* Each task that joins is told to find out the environment. */
	if (changed == 0 && (session_joins() ? speaks : result.is_builder))
		check_command(spank, report);
	entry_result_free(&result);
	return changed;
}
