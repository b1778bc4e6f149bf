/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is a good value of each setting.  The same check serves the commands,
 * where it refuses a submission, and slurmstepd, since a user can put a value
 * past the commands: there it runs as root, on text of the user's, and does
 * nothing but look at it.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/bind_spec.h"
#include "common/cleanup.h"
#include "common/list.h"
#include "common/settings_check.h"

/* Is `value` one of the words of "a|b|c"? */
static bool is_choice(const char *choices, const char *value)
{
	size_t length;

	for (; *choices; choices += length + (choices[length] == '|')) {
		length = strcspn(choices, "|");
		if (strlen(value) == length &&
			strncmp(choices, value, length) == 0)
			return true;
	}
	return false;
}

static int check_choice(const char *choices, const char *value,
	struct error *err)
{
	if (is_choice(choices, value))
		return 0;
	return error_set(err, 0, "'%s' is not one of %s", value, choices);
}

static int check_path(const char *value, struct error *err)
{
	if (!*value)
		return error_set(err, 0, "a path is missing");
	if (strlen(value) >= PATH_MAX)
		return error_set(err, 0,
			"the path is longer than %d characters", PATH_MAX - 1);
	return 0;
}

static int check_absolute(const char *value, struct error *err)
{
	if (check_path(value, err) < 0)
		return -1;
	/* What the commands are given may still begin with a variable. */
	if (value[0] != '/' && value[0] != '$' && value[0] != '~')
		return error_set(err, 0,
			"'%s' is not an absolute path: begin it with '/'",
			value);
	return 0;
}

/* As tmpfs understands sizes: a number and maybe k, m, g or %. */
static bool is_size(const char *value)
{
	size_t digits = strspn(value, "0123456789");

	return digits > 0 && digits < 16 && value[0] != '0' &&
	       (!value[digits] || (strchr("kKmMgG%", value[digits]) &&
					  !value[digits + 1]));
}

static int check_writable(const char *value, struct error *err)
{
	if (is_choice("yes|no", value) ||
		(strncmp(value, "yes,", 4) == 0 && is_size(value + 4)))
		return 0;
	return error_set(err, 0,
		"'%s' is neither no nor yes nor yes,SIZE (a number with k, m, "
		"g or %% after it)",
		value);
}

static bool is_name(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!(text[i] == '_' || (text[i] >= 'A' && text[i] <= 'Z') ||
			    (text[i] >= 'a' && text[i] <= 'z') ||
			    (i > 0 && text[i] >= '0' && text[i] <= '9')))
			return false;
	return length > 0;
}

static int check_env(const char *value, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(value);
	char *rest = copy, *item;

	while (copy && (item = list_next(&rest))) {
		if (!is_name(item, strcspn(item, "=")))
			return error_set(err, 0,
				"'%s' is not NAME or NAME=VALUE: a name has "
				"letters, digits and _ only (a comma in a "
				"value is written \\,)",
				item);
	}
	return copy ? 0 : error_set(err, 0, "cannot allocate memory");
}

static int check_join(const char *value, struct error *err)
{
	const char *step = strchr(value, '.') ? strchr(value, '.') + 1 : value;
	size_t job = step == value ? 1 : step - value - 1;

	if (strcmp(value, "none") == 0)
		return 0;
	if (job > 0 && job < 11 &&
		(step == value || strspn(value, "0123456789") == job) &&
		(is_choice("batch|interactive", step) ||
			(*step && strlen(step) < 11 &&
				!step[strspn(step, "0123456789")])))
		return 0;
	return error_set(err, 0,
		"'%s' is not the id of a step, such as 7.0 (squeue --steps "
		"lists them)",
		value);
}

int settings_check(enum setting setting, const char *value, struct error *err)
{
	switch (setting) {
	case SETTING_IMAGE:
		return *value ? check_path(value, err)
			      : error_set(err, 0,
					"the path of an image, or 'none', is "
					"missing");
	case SETTING_BIND:
		return bind_specs_check(value, BIND_SPEC_USERS, err);
	case SETTING_MOUNT:
		return bind_specs_check(value, BIND_SPEC_IMAGES, err);
	case SETTING_ENV:
		return check_env(value, err);
	case SETTING_HOME:
		return is_choice("yes|no", value) ? 0
						  : check_absolute(value, err);
	case SETTING_WORKDIR:
		return *value ? check_absolute(value, err) : 0;
	case SETTING_WRITABLE_TMPFS:
		return check_writable(value, err);
	case SETTING_JOIN:
		return check_join(value, err);
	default:
		return check_choice(setting_rule(setting)->arginfo, value, err);
	}
}
