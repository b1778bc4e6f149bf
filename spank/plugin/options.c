/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The options of srun, sbatch and salloc: one for each setting.  Slurm calls
 * back in the order of the command line, and 22.05's slurmstepd calls twice.
 *
 * In slurmstepd the values that the commands have resolved and passed on count
 * (step.c).  A user can set Slurm's own variable for an option, so that
 * slurmstepd gets a value that no command has seen; it is checked there, too.
 */
#include <stdio.h>

#include "spank/plugin/io/say.h"
#include "spank/plugin/options.h"
#include "spank/plugin/session.h"
#include "spank/plugin/settings/settings.h"

static int take_option(int val, const char *value, int remote)
{
	struct error err = { 0 };

	if (!value)
		value = "";
	if (remote) {
		step_take_option(&session.step, val, value);
		return 0;
	}
	if (submit_take_option(&session.submission, val, value, &err) == 0)
		return 0;
	say_error("%s", err.text);
	return -1;
}

static int register_option(spank_t spank, enum setting setting,
	struct error *err)
{
	const struct setting_rule *rule = setting_rule(setting);
	char name[64];
	struct spank_option option = {
		.name = name,
		.arginfo = (char *)rule->arginfo,
		.usage = (char *)rule->usage,
		/* 2: the value may be missing, see spank.h. */
		.has_arg = rule->is_flag ? 2 : 1,
		.val = setting,
		.cb = take_option,
	};
	spank_err_t rc;

	snprintf(name, sizeof(name), "sif-%s", rule->name);
	rc = spank_option_register(spank, &option);
	if (rc != ESPANK_SUCCESS)
		return error_set(err, 0, "cannot register the option --%s: %s",
			name, spank_strerror(rc));
	return 0;
}

int options_register(spank_t spank, struct error *err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (register_option(spank, i, err) < 0)
			return -1;
	return 0;
}
