/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Submission: from what the user said, in whatever directory, to values that
 * mean the same on every node and in every srun of the job.
 *
 *   1. load: SPANK_SIF_NAME, or else what an outer command has handed on
 *   2. Slurm calls back for the options (options.c)
 *   3. finish: binds of Singularity's variables; paths made absolute; what
 *      the administrator denies; a look at the image; hand on
 *
 * The values are handed on twice: as SPANK_SIF_NAME, which the user may change
 * in his job script, and in a variable that begins with SLURM_, which reaches
 * the nodes whatever --export says.
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
	/* A list that was emptied is handed on as one. */
	if (value && (*value || rule->is_list) &&
		settings_put(settings, setting, value, &err) < 0) {
		error_prefix(&err, "%s", rule->variable);
		settings_errors_set(ret_wrong, setting, &err);
	}
}

void submit_load(struct settings *settings, struct settings_errors *ret_wrong)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		load_variable(settings, i, ret_wrong);
}

/* An srun whose image is the job's has been told by sbatch already. */
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

static int hand_on_setting(const struct settings *settings,
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

static int hand_on(const struct settings *settings, struct error *err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (settings->value[i].is_set &&
			hand_on_setting(settings, i, err) < 0)
			return -1;
	return 0;
}

int submit_finish(struct settings *settings, const struct plugstack_args *args,
	bool is_srun, bool again, struct report *report, struct error *err)
{
	bool has_image =
		settings_have_image(settings) || settings_join(settings);

	if (has_image && (foreign_binds_add(settings, args, err) < 0 ||
				 foreign_settings_add(settings, args, err) < 0))
		return -1;
	if (complete_settings(settings, args, err) < 0)
		return -1;
	if (has_image && (plugstack_args_check_users(args, settings, err) < 0 ||
				 settings_check(settings, err) < 0))
		return -1;
	if (again && submit_check_component(settings, err) < 0)
		return -1;
	if (settings_have_image(settings) &&
		!(is_inherited(settings, SETTING_IMAGE) &&
			is_inherited(settings, SETTING_MOUNT))) {
		foreign_settings_note(report);
		if (inspect_images(settings, args, is_srun, report, err) < 0)
			return -1;
	}
	return hand_on(settings, err);
}
