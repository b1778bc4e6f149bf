/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of all settings.  A new option is a constant of enum setting and a
 * row here: how its text is parsed, completed where the user gives it, checked,
 * and printed for the next process.
 */
#include <string.h>

#include "spank/plugin/settings/setting_rules.h"

#define NAMES(option, upper)                              \
	.name = (option), .variable = "SPANK_SIF_" upper, \
	.relay_variable = "SLURM_SIF_" upper

/* A setting whose values are words. */
#define WORDS(words_)                                             \
	.parse = setting_parse_word, .print = setting_print_word, \
	.words = (words_)

#define YES_NO (MAY_BE(WORD_YES) | MAY_BE(WORD_NO))
#define DRIVER (MAY_BE(WORD_AUTO) | MAY_BE(WORD_TRY) | YES_NO)

/* The image server can stack that many. */
static int check_overlays(const struct setting_value *value, struct error *err)
{
	if (value->overlays.count <= SETTINGS_OVERLAYS_MAX)
		return 0;
	return error_set(err, 0,
		"--sif-overlay: an image can have %d layers over it, not %zu: "
		"combine some of them into one",
		SETTINGS_OVERLAYS_MAX, value->overlays.count);
}

static int check_env(const struct setting_value *value, struct error *err)
{
	if (value->items.count <= SETTINGS_ENV_MAX)
		return 0;
	return error_set(err, 0,
		"--sif-env has %zu variables, more than the %d that are "
		"allowed: export the others in a script that runs inside",
		value->items.count, SETTINGS_ENV_MAX);
}

static const struct setting_rule rules[SETTINGS_COUNT] = {
	[SETTING_IMAGE] = {
		NAMES("image", "IMAGE"),
		.arginfo = "IMAGE|none",
		.usage = "run the tasks inside the Singularity/Apptainer "
			 "image file IMAGE (SIF, squashfs or ext3), read-only "
			 "as '/'; 'none' undoes an earlier one (spank-sif "
			 PACKAGE_VERSION ")",
		.parse = setting_parse_image,
		.complete = setting_complete_image,
		.print = setting_print_path,
		.words = MAY_BE(WORD_NONE),
		.fallback.word = WORD_NONE,
		.user_only = true,
	},
	[SETTING_BIND] = {
		NAMES("bind", "BIND"),
		.arginfo = "SRC[:DST[:ro|rw]][,...]",
		.usage = "show files or directories of the node in the image; "
			 "?SRC: if it is there; -DST: not this one (example: "
			 "--sif-bind=/scratch,/data/v3:/data:ro)",
		.parse = setting_parse_binds,
		.complete = setting_complete_binds,
		.print = setting_print_binds,
		.fallback.word = NO_WORD,
		.is_list = true,
	},
	[SETTING_MOUNT] = {
		NAMES("mount", "MOUNT"),
		.arginfo = "IMAGE:DST[:src=PATH][,...]",
		.usage = "mount further SIF, squashfs or ext3 files, or PATH "
			 "of them, as data, read-only (example: "
			 "--sif-mount=faces.sqsh:/data/faces)",
		.parse = setting_parse_mounts,
		.complete = setting_complete_mounts,
		.print = setting_print_binds,
		.fallback.word = NO_WORD,
		.is_list = true,
	},
	[SETTING_OVERLAY] = {
		NAMES("overlay", "OVERLAY"),
		.arginfo = "PATH[:ro][,...]",
		.usage = "put layers over the image, the last on top: squashfs, "
			 "ext3 or SIF files, or directories; the step writes to "
			 "a last directory without :ro (example: "
			 "--sif-overlay=env.ext3:ro,/tmp/changes)",
		.parse = setting_parse_overlays,
		.complete = setting_complete_overlays,
		.check = check_overlays,
		.print = setting_print_overlays,
		.fallback.word = NO_WORD,
		.is_list = true,
	},
	[SETTING_ENV] = {
		NAMES("env", "ENV"),
		.arginfo = "NAME[=VALUE][,...]",
		.usage = "set a variable in the image, or let the job's value "
			 "win over the image's (example: "
			 "--sif-env=OMP_NUM_THREADS=4,LANG)",
		.parse = setting_parse_env,
		.check = check_env,
		.print = setting_print_items,
		.fallback.word = NO_WORD,
		.is_list = true,
		.valid_with_join = true,
	},
	[SETTING_CLEANENV] = {
		NAMES("cleanenv", "CLEANENV"),
		.arginfo = "yes|no",
		.usage = "leave out the job's variables except those of "
			 "Slurm, MPI and GPUs (default no)",
		WORDS(YES_NO),
		.fallback.word = WORD_NO,
		.is_flag = true,
		.valid_with_join = true,
	},
	[SETTING_HOME] = {
		NAMES("home", "HOME"),
		.arginfo = "yes|no|private|PATH",
		.usage = "show the home directory, an empty one in memory, or "
			 "PATH instead of it (default yes)",
		.parse = setting_parse_home,
		.complete = setting_complete_directory,
		.print = setting_print_path,
		.words = YES_NO | MAY_BE(WORD_PRIVATE),
		.fallback.word = WORD_YES,
	},
	[SETTING_WORKDIR] = {
		NAMES("workdir", "WORKDIR"),
		.arginfo = "PATH",
		.usage = "start in this directory of the image (default: the "
			 "step's working directory)",
		.parse = setting_parse_workdir,
		.complete = setting_complete_directory,
		.print = setting_print_path,
		.fallback.word = NO_WORD,
		.valid_with_join = true,
	},
	[SETTING_TMP] = {
		NAMES("tmp", "TMP"),
		.arginfo = "host|private",
		.usage = "show the node's /tmp and /var/tmp, or empty ones in "
			 "memory, for the step (default host)",
		WORDS(MAY_BE(WORD_HOST) | MAY_BE(WORD_PRIVATE)),
		.fallback.word = WORD_HOST,
	},
	[SETTING_WRITABLE_TMPFS] = {
		NAMES("writable-tmpfs", "WRITABLE_TMPFS"),
		.arginfo = "no|yes[,SIZE]",
		.usage = "let the step change the image, in memory, until it "
			 "ends (default no; example: "
			 "--sif-writable-tmpfs=yes,2g)",
		.parse = setting_parse_writable,
		.print = setting_print_writable,
		.words = YES_NO,
		.fallback.word = WORD_NO,
		.is_flag = true,
	},
	[SETTING_NV] = {
		NAMES("nv", "NV"),
		.arginfo = "auto|try|yes|no",
		.usage = "show the node's NVIDIA driver libraries; auto: if "
			 "the step has GPUs; try: if there are any (default "
			 "auto)",
		WORDS(DRIVER),
		.fallback.word = WORD_AUTO,
		.is_flag = true,
	},
	[SETTING_ROCM] = {
		NAMES("rocm", "ROCM"),
		.arginfo = "auto|try|yes|no",
		.usage = "the same for AMD ROCm (default auto)",
		WORDS(DRIVER),
		.fallback.word = WORD_AUTO,
		.is_flag = true,
	},
	[SETTING_BATCH] = {
		NAMES("batch", "BATCH"),
		.arginfo = "host|image",
		.usage = "where the batch script or interactive step itself "
			 "runs (default host)",
		WORDS(MAY_BE(WORD_HOST) | MAY_BE(WORD_IMAGE)),
		.fallback.word = WORD_HOST,
	},
	[SETTING_HOST_MOUNT] = {
		NAMES("host-mount", "HOST_MOUNT"),
		.arginfo = "yes|no",
		.usage = "mount the image on the host first, until the tasks "
			 "have started, if the site leaves that choice "
			 "(default: the site's)",
		WORDS(YES_NO),
		.fallback.word = WORD_NO,
		.is_flag = true,
		.user_only = true,
	},
	[SETTING_JOIN] = {
		NAMES("join", "JOIN"),
		.arginfo = "[JOB.]STEP|none",
		.usage = "enter the container of a step that runs, instead of "
			 "making one (example: srun --jobid=7 --overlap "
			 "--sif-join=7.0 bash)",
		.parse = setting_parse_step,
		.print = setting_print_step,
		.words = MAY_BE(WORD_NONE),
		.fallback.word = WORD_NONE,
		.user_only = true,
		.not_inherited = true,
		.valid_with_join = true,
	},
	[SETTING_DEBUG] = {
		NAMES("debug", "DEBUG"),
		.arginfo = "yes|no",
		.usage = "print mounts, the source of each variable, and timings "
			 "(default no)",
		WORDS(YES_NO),
		.fallback.word = WORD_NO,
		.is_flag = true,
		.valid_with_join = true,
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
