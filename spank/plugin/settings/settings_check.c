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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/settings_check.h"

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

/* How else to say yes and no: as Slurm's, Singularity's and YAML's users do. */
static const char *plain_word(const char *value)
{
	static const char *const words[][2] = { { "yes", "yes" },
		{ "1", "yes" }, { "true", "yes" }, { "on", "yes" },
		{ "no", "no" }, { "0", "no" }, { "false", "no" },
		{ "off", "no" } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(value, words[i][0]) == 0)
			return words[i][1];
	return NULL;
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
		"g or %% after it, or of MiB)",
		value);
}

/* SIZE alone is meant as yes,SIZE, and a bare number counts MiB as that of
 * Slurm's --mem does. */
static const char *plain_writable(const char *value,
	char buffer[SETTINGS_PLAIN_SIZE])
{
	const char *size = strncmp(value, "yes,", 4) == 0 ? value + 4 : value;

	if (!is_size(size))
		return value;
	snprintf(buffer, SETTINGS_PLAIN_SIZE, "yes,%s%s", size,
		size[strspn(size, "0123456789")] ? "" : "m");
	return buffer;
}

const char *settings_plain(enum setting setting, const char *value,
	char buffer[SETTINGS_PLAIN_SIZE])
{
	const char *word = NULL;

	if (setting_rule(setting)->is_flag || setting == SETTING_HOME)
		word = plain_word(value);
	if (word)
		return word;
	return setting == SETTING_WRITABLE_TMPFS ? plain_writable(value, buffer)
						 : value;
}

/* --- images --------------------------------------------------------------- */

/* Where Apptainer has an image from, and by which of its commands. */
static const char *find_source(const char *value)
{
	static const char *const sources[][2] = {
		{ "docker-archive:", "build" }, { "docker-daemon:", "build" },
		{ "oci-archive:", "build" }, { "oci:", "build" },
		{ "docker://", "pull" }, { "library://", "pull" },
		{ "oras://", "pull" }, { "shub://", "pull" },
		{ "http://", "pull" }, { "https://", "pull" }
	};
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (strncmp(value, sources[i][0], strlen(sources[i][0])) == 0)
			return sources[i][1];
	return NULL;
}

static int check_file(const char *image, struct error *err)
{
	const char *command = find_source(image);

	if (strncmp(image, "instance://", 11) == 0)
		return error_set(err, 0,
			"'%s' is not an image file, and there are no "
			"instances: give the path of its image, or enter a "
			"step that runs with --sif-join=JOB.STEP",
			image);
	if (command)
		return error_set(err, 0,
			"'%s' is not an image file, and nothing is pulled when "
			"a job starts: run 'apptainer %s image.sif %s' once, "
			"and give that file",
			image, command, image);
	return 0;
}

static int check_image(const char *value, struct error *err)
{
	if (!*value)
		return error_set(err, 0,
			"the path of an image, or 'none', is missing");
	return check_file(value, err) < 0 ? -1 : check_path(value, err);
}

/* The colons of a URI are none of IMAGE:DST. */
static int check_mounts(const char *value, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(value);
	char *rest = copy, *item, *target;

	while (copy && (item = list_next(&rest))) {
		target = strrchr(item, ':');
		if (target && strncmp(target, "://", 3) != 0)
			*target = '\0';
		if (check_file(item, err) < 0)
			return -1;
	}
	return copy ? bind_list_check(value, BIND_SPEC_IMAGES, err)
		    : error_set(err, 0, "cannot allocate memory");
}

/* As Apptainer's --home has it, "SRC:DST". */
bool settings_home_is_word(const char *value)
{
	return is_choice("yes|no|private", value);
}

static int check_home(const char *value, struct error *err)
{
	size_t length = strcspn(value, ":");
	const char *target = value[length] ? value + length + 1 : "";

	if (settings_home_is_word(value))
		return 0;
	if (target[0] == '/' || target[0] == '$' || target[0] == '~')
		return error_set(err, 0,
			"'%s' is not one directory: for the home %s that shows "
			"%.*s, give --sif-home=%s and --sif-bind=%s",
			value, target, (int)length, value, target, value);
	if (*value && !strchr("/$~", value[0]))
		return error_set(err, 0,
			"'%s' is not one of yes|no|private, nor an absolute "
			"path: begin a path with '/'",
			value);
	return check_absolute(value, err);
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

	if (list_check(value, err) < 0)
		return -1;
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
		return check_image(value, err);
	case SETTING_BIND:
		return bind_list_check(value, BIND_SPEC_USER, err);
	case SETTING_MOUNT:
		return check_mounts(value, err);
	case SETTING_ENV:
		return check_env(value, err);
	case SETTING_HOME:
		return check_home(value, err);
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
