/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTING_RULES_H
#define SPANK_PLUGIN_SETTINGS_SETTING_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/settings/setting_complete.h"
#include "spank/plugin/settings/setting_parse.h"
#include "spank/plugin/settings/setting_print.h"
#include "spank/plugin/settings/setting_value.h"

/* Items of --sif-env, --sif-mount and --sif-overlay that a step can have. */
#define SETTINGS_ENV_MAX      255
#define SETTINGS_MOUNTS_MAX   8
#define SETTINGS_OVERLAYS_MAX 63

/*
 * Each setting is an option of srun, sbatch and salloc (--sif-NAME=VALUE), a
 * variable of the environment (SPANK_SIF_NAME) and, unless it is user_only, a
 * default in plugstack.conf (NAME=VALUE).  spank-sif(1) has their meaning.
 */
enum setting {
	SETTING_IMAGE,
	SETTING_BIND,
	SETTING_MOUNT,
	SETTING_OVERLAY,
	SETTING_ENV,
	SETTING_CLEANENV,
	SETTING_HOME,
	SETTING_WORKDIR,
	SETTING_TMP,
	SETTING_WRITABLE_TMPFS,
	SETTING_NV,
	SETTING_ROCM,
	SETTING_BATCH,
	SETTING_HOST_MOUNT,
	SETTING_JOIN,
	SETTING_DEBUG,
	SETTINGS_COUNT,
};

/* Can a step have this value?  It has been parsed, so each part of it is valid.
 * -1 with a sentence that names the option. */
typedef int setting_check(const struct setting_value *value, struct error *err);

struct setting_rule {
	const char *name;     /* "bind" of --sif-bind */
	const char *variable; /* "SPANK_SIF_BIND" */
	/*
	 * "SLURM_SIF_BIND": srun, sbatch and salloc hand on the complete value
	 * in it.  With --export=NONE, Slurm 22.05 passes on only variables that
	 * begin with SLURM_.
	 */
	const char *relay_variable;
	const char *arginfo; /* for --help */
	const char *usage;
	setting_parse *parse;
	setting_print *print;
	setting_complete *complete;    /* NULL: a value is complete as it is */
	setting_check *check;          /* NULL: any value will do */
	unsigned int words;            /* that it can be: MAY_BE()s */
	struct setting_value fallback; /* if nobody sets it */
	bool is_list;         /* values add up, "none" empties the list */
	bool is_flag;         /* the option without a value means "yes" */
	bool user_only;       /* no default in plugstack.conf */
	bool not_inherited;   /* for this command, not for sruns of its job */
	bool valid_with_join; /* has a meaning with --sif-join, too */
};

/* Never NULL; `setting` must be one. */
const struct setting_rule *setting_rule(enum setting setting);

/* The setting called `name`, of `length` bytes; SETTINGS_COUNT if none is. */
enum setting setting_find(const char *name, size_t length);

#endif
