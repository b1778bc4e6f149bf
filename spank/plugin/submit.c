/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Submission: from what the user says, in some directory, to values that mean
 * the same on every node and in every srun of the job.
 *
 *   1. load: SPANK_SIF_NAME, or else what an outer command has passed on
 *   2. Slurm calls back for the options (options.c)
 *   3. finish: binds of Singularity's variables; paths made absolute; what
 *      the administrator denies; a look at the image; hand on
 *
 * The values are passed on twice: as SPANK_SIF_NAME, which users may change in
 * the job script, and in a variable that begins with SLURM_, which reaches the
 * nodes whatever --export says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/container/foreign_binds.h"
#include "spank/plugin/foreign_settings.h"
#include "spank/plugin/inspect.h"
#include "spank/plugin/submit.h"
#include "spank/plugin/submit_check.h"

/* Slurm's own replay of an option of sbatch or salloc, see spank(8). */
#define REPLAY "SLURM_SPANK__SLURM_SPANK_OPTION_spank_sif_sif_"

static void forget_replay(const char *name)
{
	char variable[128];
	char *c;

	snprintf(variable, sizeof(variable), REPLAY "%s", name);
	for (c = variable; *c; c++)
		if (*c == '-')
			*c = '_';
	unsetenv(variable);
}

static void load_variable(struct settings *settings, enum setting setting,
	struct settings_errors *ret_wrong)
{
	const struct setting_rule *rule = setting_rule(setting);
	const char *value = getenv(rule->variable);
	struct error err = { 0 };

	forget_replay(rule->name);
	if (rule->not_inherited)
		unsetenv(rule->relay_variable);
	if (!value || !*value)
		value = getenv(rule->relay_variable);
	/* A list that was emptied is passed on as such. */
	if (value && (*value || rule->is_list) &&
		settings_put(settings, setting, value, &err) < 0) {
		error_prefix(&err, "%s", rule->variable);
		settings_errors_set(ret_wrong, setting, &err);
	}
}

void submit_load(struct submission *submission, bool is_srun)
{
	int i;

	submission->is_srun = is_srun;
	for (i = 0; i < SETTINGS_COUNT; i++)
		load_variable(&submission->settings, i, &submission->wrong);
}

int submit_take_option(struct submission *submission, enum setting setting,
	const char *value, struct error *err)
{
	submission->given[setting] = true;
	if (settings_put(&submission->settings, setting, value, err) == 0) {
		settings_errors_set(&submission->wrong, setting, NULL);
		return 0;
	}
	error_prefix(err, "--sif-%s", setting_rule(setting)->name);
	settings_errors_set(&submission->wrong, setting, err);
	return -1;
}

/* sbatch has told the user already about an image that srun inherits. */
static bool is_inherited(const struct settings *settings, enum setting setting)
{
	const char *inherited = getenv(setting_rule(setting)->relay_variable);
	CLEANUP_FREE char *value = settings_print(settings, setting);

	return value && strcmp(value, inherited ? inherited : "") == 0;
}

static int complete_settings(struct settings *settings,
	const struct plugstack_args *args, struct error *err)
{
	const struct setting_rule *rule;
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		rule = setting_rule(i);
		if (settings_complete(settings, i, getenv(rule->relay_variable),
			    args->path, err) < 0)
			return error_prefix(err, "--sif-%s", rule->name);
	}
	return 0;
}

static int pass_on_setting(const struct settings *settings,
	enum setting setting, struct error *err)
{
	const struct setting_rule *rule = setting_rule(setting);
	CLEANUP_FREE char *value = settings_print(settings, setting);

	if (!value)
		return error_set(err, 0, "cannot allocate memory");
	if ((!rule->not_inherited && setenv(rule->variable, value, 1) < 0) ||
		setenv(rule->relay_variable, value, 1) < 0)
		return error_set(err, errno, "cannot set %s", rule->variable);
	return 0;
}

static int pass_on(const struct settings *settings, struct error *err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (settings->value[i].is_set &&
			pass_on_setting(settings, i, err) < 0)
			return -1;
	return 0;
}

/* A wrong value is no failure if no container is wanted. */
static int refuse_wrong(struct submission *submission,
	const struct error *earlier, struct error *err)
{
	struct error wrong = *earlier;

	/* What sbatch and salloc are told of --sif-join may be for sruns. */
	if (!submission->is_srun)
		settings_errors_set(&submission->wrong, SETTING_JOIN, NULL);
	if (!error_is_set(&wrong))
		settings_errors_first(&submission->wrong, &wrong);
	if (!error_is_set(&wrong) ||
		!settings_want_container(&submission->settings,
			&submission->wrong))
		return 0;
	*err = wrong;
	return -1;
}

/* Are all images those of an outer command, which has inspected them? */
static bool are_images_inherited(const struct settings *settings)
{
	struct further_images further;

	settings_further_images(settings, &further);
	return is_inherited(settings, SETTING_IMAGE) &&
	       is_inherited(settings, SETTING_OVERLAY) &&
	       is_inherited(settings, SETTING_MOUNT) &&
	       (further.count == further.mounts ||
		       is_inherited(settings, SETTING_BIND));
}

static int look_at_images(const struct submission *submission,
	const struct plugstack_args *args, struct report *report,
	struct error *err)
{
	const struct settings *settings = &submission->settings;

	if (!settings_have_image(settings) || are_images_inherited(settings))
		return 0;
	return inspect_images(settings, args, submission->is_srun, report, err);
}

int submit_finish(struct submission *submission,
	const struct plugstack_args *args, const struct error *earlier,
	struct report *report, struct error *err)
{
	struct settings *settings = &submission->settings;
	bool has_container;

	report->debug = settings_is(settings, SETTING_DEBUG, WORD_YES);
	if (refuse_wrong(submission, earlier, err) < 0 ||
		submit_check_join(settings, submission->given,
			submission->is_srun, err) < 0 ||
		submit_check_image(settings, submission->given,
			submission->is_srun, report, err) < 0)
		return -1;
	has_container =
		settings_have_image(settings) || settings_have_join(settings);
	if (has_container &&
		(foreign_binds_add(settings, args, err) < 0 ||
			foreign_settings_add(settings, args, err) < 0))
		return -1;
	if (complete_settings(settings, args, err) < 0)
		return -1;
	if (has_container &&
		(plugstack_args_check_users(args, settings, err) < 0 ||
			settings_check(settings, err) < 0))
		return -1;
	if ((submission->is_finished &&
		    submit_check_component(settings, err) < 0) ||
		look_at_images(submission, args, report, err) < 0 ||
		pass_on(settings, err) < 0)
		return -1;
	submission->is_finished = true;
	return 0;
}
