/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTING_RULES_H
#define SPANK_PLUGIN_SETTINGS_SETTING_RULES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What can be asked of a container.  Each is an option of srun, sbatch and
 * salloc (--sif-NAME=VALUE), a variable of the environment (SPANK_SIF_NAME)
 * and, where that makes sense, a default in plugstack.conf (NAME=VALUE).
 * spank-sif(1) has their meaning.
 */
enum setting {
	SETTING_IMAGE,
	SETTING_BIND,
	SETTING_MOUNT,
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

struct setting_rule {
	const char *name;     /* "bind" of --sif-bind */
	const char *variable; /* "SPANK_SIF_BIND" */
	/*
	 * The form in which srun, sbatch and salloc pass the final value on:
	 * Slurm 22.05 keeps variables that begin with SLURM_ alone when
	 * --export=NONE is given.
	 */
	const char *relay_variable;
	const char *arginfo; /* for --help */
	const char *usage;
	const char *fallback; /* the value if nobody says anything */
	bool is_list;       /* values add up, "none" empties what came before */
	bool is_flag;       /* the option without a value means "yes" */
	bool user_only;     /* no default in plugstack.conf */
	bool not_inherited; /* for this command, not for sruns of its job */
	bool valid_with_join; /* has a meaning with --sif-join, too */
};

/* Never NULL; `setting` must be one. */
const struct setting_rule *setting_rule(enum setting setting);

/* The setting called `name`, of `length` bytes; SETTINGS_COUNT if none is. */
enum setting setting_find(const char *name, size_t length);

#endif
