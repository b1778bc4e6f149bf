/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values that were given.  What can be asked for is the table in
 * setting_rules.c, and whether a value is one is for settings_check.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/settings.h"
#include "spank/plugin/settings/settings_check.h"

static int add_to_list(char **list, const char *value)
{
	char *sum;

	if (asprintf(&sum, "%s,%s", *list, value) < 0)
		return -1;
	free(*list);
	*list = sum;
	return 0;
}

int settings_put(struct settings *settings, enum setting setting,
	const char *value, struct error *err)
{
	const struct setting_rule *rule = setting_rule(setting);
	char **place = &settings->value[setting];
	bool empties = rule->is_list && strcmp(value, "none") == 0;
	char *copy, plain[SETTINGS_PLAIN_SIZE];

	/* "(null)" is what Slurm replays of an option without its value. */
	if (rule->is_flag && (!*value || strcmp(value, "(null)") == 0))
		value = "yes";
	value = settings_plain(setting, value, plain);
	if (!empties && settings_check(setting, value, err) < 0)
		return -1;
	if (rule->is_list && *place && **place && !empties) {
		if (*value && add_to_list(place, value) < 0)
			return error_set(err, 0, "cannot allocate memory");
		return 0;
	}
	copy = strdup(empties ? "" : value);
	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	free(*place);
	*place = copy;
	return 0;
}

int settings_check_count(const struct settings *settings, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(settings_get(settings, SETTING_ENV));
	char *rest = copy;
	size_t count = 0;

	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	while (list_next(&rest))
		count++;
	if (count > SETTINGS_ENV_MAX)
		return error_set(err, 0,
			"--sif-env has %zu variables, more than the %d that "
			"are allowed: export the others in a script that runs "
			"inside",
			count, SETTINGS_ENV_MAX);
	return 0;
}

int settings_check_denied(const struct settings *settings,
	const bool denied[SETTINGS_COUNT], struct error *err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (denied[i] && settings->value[i] && *settings->value[i])
			return error_set(err, 0,
				"--sif-%s is not for users of this site: leave "
				"it out, and unset %s (deny= in plugstack.conf)",
				setting_rule(i)->name,
				setting_rule(i)->variable);
	return 0;
}

int settings_add_defaults(struct settings *settings,
	const struct settings *defaults, struct error *err)
{
	struct settings sum = { { NULL } };
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		/* An empty list is one that the user has emptied. */
		if (!defaults->value[i] ||
			(settings->value[i] && (!setting_rule(i)->is_list ||
						       !*settings->value[i])))
			continue;
		if (settings_put(&sum, i, defaults->value[i], err) < 0 ||
			(settings->value[i] &&
				settings_put(&sum, i, settings->value[i], err) <
					0)) {
			settings_free(&sum);
			return -1;
		}
		free(settings->value[i]);
		settings->value[i] = pointer_take(&sum.value[i]);
	}
	return 0;
}

const char *settings_get(const struct settings *settings, enum setting setting)
{
	const char *value = settings->value[setting];

	return value ? value : setting_rule(setting)->fallback;
}

bool settings_is(const struct settings *settings, enum setting setting,
	const char *word)
{
	return strcmp(settings_get(settings, setting), word) == 0;
}

bool settings_have_image(const struct settings *settings)
{
	return !settings_is(settings, SETTING_IMAGE, "none");
}

const char *settings_tmpfs_size(const struct settings *settings)
{
	const char *comma =
		strchr(settings_get(settings, SETTING_WRITABLE_TMPFS), ',');

	return comma ? comma + 1 : NULL;
}

void settings_forget(struct settings *settings, enum setting setting)
{
	free(settings->value[setting]);
	settings->value[setting] = NULL;
}

void settings_free(struct settings *settings)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		settings_forget(settings, i);
}

void settings_errors_set(struct settings_errors *wrong, enum setting setting,
	const struct error *err)
{
	char **text = &wrong->text[setting];

	free(*text);
	*text = err ? strdup(err->text) : NULL;
}

bool settings_errors_first(const struct settings_errors *wrong,
	struct error *ret_err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (wrong->text[i]) {
			error_set(ret_err, 0, "%s", wrong->text[i]);
			return true;
		}
	return false;
}
