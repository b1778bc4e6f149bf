/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Options of Singularity and Apptainer that users set as variables.  The names
 * are those in Apptainer's cmd/internal/cli/action_flags.go, with the prefix
 * SINGULARITY_ or APPTAINER_; the latter wins.
 */
#include <stdio.h>
#include <stdlib.h>

#include "spank/plugin/foreign_settings.h"

/* The one that wins first. */
static const char *const prefixes[] = { "APPTAINER_", "SINGULARITY_" };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* The value of the variable with either prefix; NULL if it is not set or empty,
 * which is the same to both runtimes. */
static const char *find_value(const char *name, char *ret_variable, size_t size)
{
	const char *value;
	size_t i;

	for (i = 0; i < COUNT(prefixes); i++) {
		snprintf(ret_variable, size, "%s%s", prefixes[i], name);
		value = getenv(ret_variable);
		if (value && *value)
			return value;
	}
	return NULL;
}

/* If the driver is missing, both runtimes only warn, and many users set the
 * variable once for all nodes. */
static int take_value(struct settings *settings, enum setting setting,
	const char *value, struct error *err)
{
	if (settings_put(settings, setting, value, err) < 0)
		return -1;
	if ((setting == SETTING_NV || setting == SETTING_ROCM) &&
		settings_is(settings, setting, WORD_YES))
		return settings_put(settings, setting, "try", err);
	return 0;
}

int foreign_settings_add(struct settings *settings,
	const struct plugstack_args *args, struct error *err)
{
	static const struct {
		const char *name;
		enum setting setting;
	} known[] = {
		{ "CLEANENV", SETTING_CLEANENV },
		{ "CWD", SETTING_WORKDIR },
		{ "PWD", SETTING_WORKDIR },
		{ "HOME", SETTING_HOME },
		{ "WRITABLE_TMPFS", SETTING_WRITABLE_TMPFS },
		{ "NV", SETTING_NV },
		{ "ROCM", SETTING_ROCM },
		{ "OVERLAY", SETTING_OVERLAY },
		{ "OVERLAYIMAGE", SETTING_OVERLAY },
	};
	char variable[64];
	const char *value;
	size_t i;

	for (i = 0; i < COUNT(known); i++) {
		if (settings->value[known[i].setting].is_set ||
			args->denied[known[i].setting])
			continue;
		value = find_value(known[i].name, variable, sizeof(variable));
		if (value &&
			take_value(settings, known[i].setting, value, err) < 0)
			return error_prefix(err, "%s", variable);
	}
	return 0;
}
