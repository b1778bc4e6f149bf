/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of what can be asked of a container, and the values that were
 * given.  Whether a value is one is for settings_check.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/list.h"
#include "common/settings.h"
#include "common/settings_check.h"

#define NAMES(option, upper)                              \
	.name = (option), .variable = "SPANK_SIF_" upper, \
	.carrier = "SLURM_SIF_" upper

static const struct setting_rule rules[SETTINGS_COUNT] = {
	[SETTING_IMAGE] = {
		NAMES("image", "IMAGE"),
		.arginfo = "IMAGE|none",
		.usage = "run the tasks inside the Singularity/Apptainer "
			 "image file IMAGE (SIF or squashfs), read-only as "
			 "'/'; 'none' undoes an earlier one (spank-sif "
			 PACKAGE_VERSION ")",
		.fallback = "none",
		.is_users = true,
	},
	[SETTING_BIND] = {
		NAMES("bind", "BIND"),
		.arginfo = "SRC[:DST[:ro|rw]][,...]",
		.usage = "show files or directories of the node in the image; "
			 "?SRC: if it is there; -DST: not this one (example: "
			 "--sif-bind=/scratch,/data/v3:/data:ro)",
		.fallback = "",
		.is_list = true,
	},
	[SETTING_MOUNT] = {
		NAMES("mount", "MOUNT"),
		.arginfo = "IMAGE:DST[,...]",
		.usage = "mount further SIF or squashfs files, as data, "
			 "read-only (example: "
			 "--sif-mount=faces.sqsh:/data/faces)",
		.fallback = "",
		.is_list = true,
	},
	[SETTING_ENV] = {
		NAMES("env", "ENV"),
		.arginfo = "NAME[=VALUE][,...]",
		.usage = "set a variable in the image, or let the job's value "
			 "win over the image's (example: "
			 "--sif-env=OMP_NUM_THREADS=4,LANG)",
		.fallback = "",
		.is_list = true,
		.is_for_joined = true,
	},
	[SETTING_CLEANENV] = {
		NAMES("cleanenv", "CLEANENV"),
		.arginfo = "yes|no",
		.usage = "leave out the job's variables but for those of "
			 "Slurm, MPI and GPUs (default no)",
		.fallback = "no",
		.is_flag = true,
		.is_for_joined = true,
	},
	[SETTING_HOME] = {
		NAMES("home", "HOME"),
		.arginfo = "yes|no|private|PATH",
		.usage = "show the home directory, an empty one in memory, or "
			 "PATH instead of it (default yes)",
		.fallback = "yes",
	},
	[SETTING_WORKDIR] = {
		NAMES("workdir", "WORKDIR"),
		.arginfo = "PATH",
		.usage = "start in this directory of the image (default: the "
			 "step's working directory)",
		.fallback = "",
		.is_for_joined = true,
	},
	[SETTING_TMP] = {
		NAMES("tmp", "TMP"),
		.arginfo = "host|private",
		.usage = "show the node's /tmp and /var/tmp, or empty ones in "
			 "memory, for the step (default host)",
		.fallback = "host",
	},
	[SETTING_WRITABLE_TMPFS] = {
		NAMES("writable-tmpfs", "WRITABLE_TMPFS"),
		.arginfo = "no|yes[,SIZE]",
		.usage = "let the step change the image, in memory, until it "
			 "ends (default no; example: "
			 "--sif-writable-tmpfs=yes,2g)",
		.fallback = "no",
		.is_flag = true,
	},
	[SETTING_NV] = {
		NAMES("nv", "NV"),
		.arginfo = "auto|yes|no",
		.usage = "show the node's NVIDIA driver libraries; auto: if "
			 "the step has GPUs (default auto)",
		.fallback = "auto",
		.is_flag = true,
	},
	[SETTING_ROCM] = {
		NAMES("rocm", "ROCM"),
		.arginfo = "auto|yes|no",
		.usage = "the same of AMD ROCm (default auto)",
		.fallback = "auto",
		.is_flag = true,
	},
	[SETTING_BATCH] = {
		NAMES("batch", "BATCH"),
		.arginfo = "host|image",
		.usage = "where the batch script or interactive step itself "
			 "runs (default host)",
		.fallback = "host",
	},
	[SETTING_HOST_MOUNT] = {
		NAMES("host-mount", "HOST_MOUNT"),
		.arginfo = "yes|no",
		.usage = "mount the image on the host first, until the tasks "
			 "have started, if the site leaves that choice "
			 "(default: the site's)",
		.fallback = "no",
		.is_flag = true,
		.is_users = true,
	},
	[SETTING_JOIN] = {
		NAMES("join", "JOIN"),
		.arginfo = "[JOB.]STEP|none",
		.usage = "enter the container of a step that runs, instead of "
			 "making one (example: srun --jobid=7 --overlap "
			 "--sif-join=7.0 bash)",
		.fallback = "none",
		.is_users = true,
		.is_once = true,
		.is_for_joined = true,
	},
	[SETTING_DEBUG] = {
		NAMES("debug", "DEBUG"),
		.arginfo = "yes|no",
		.usage = "tell what is mounted, where variables come from and "
			 "how long each part of the start takes (default no)",
		.fallback = "no",
		.is_flag = true,
		.is_for_joined = true,
	},
};

const struct setting_rule *setting_rule(enum setting setting)
{
	return &rules[setting];
}

enum setting setting_find(const char *name, size_t length)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (strlen(rules[i].name) == length &&
			strncmp(rules[i].name, name, length) == 0)
			return i;
	return SETTINGS_COUNT;
}

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
	const struct setting_rule *rule = &rules[setting];
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
				rules[i].name, rules[i].variable);
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
			(settings->value[i] &&
				(!rules[i].is_list || !*settings->value[i])))
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

	return value ? value : rules[setting].fallback;
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

void settings_note(struct settings_wrong *wrong, enum setting setting,
	const struct error *err)
{
	char **text = &wrong->text[setting];

	free(*text);
	*text = err ? strdup(err->text) : NULL;
}

bool settings_tell_wrong(const struct settings_wrong *wrong,
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
