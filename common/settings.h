/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>

#include "common/error.h"

/* Items of --sif-env; more are not worth a longer list. */
#define SETTINGS_ENV_MAX 255

/*
 * What can be asked of a container.  Each is an option of srun, sbatch and
 * salloc (--sif-NAME=VALUE), a variable of the environment (SPANK_SIF_NAME)
 * and, where that makes sense, a default in plugstack.conf (NAME=VALUE).
 * spank_sif(8) has their meaning.
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
	const char *carrier;
	const char *arginfo; /* for --help */
	const char *usage;
	const char *fallback; /* the value if nobody says anything */
	bool is_list;  /* values add up, "none" empties what came before */
	bool is_flag;  /* the option without a value means "yes" */
	bool is_users; /* no default in plugstack.conf */
	bool is_once;  /* for this command alone, not for sruns of its job */
	bool is_for_joined; /* has a meaning with --sif-join, too */
};

/* Never NULL; `setting` must be one. */
const struct setting_rule *setting_rule(enum setting setting);

/* The setting called `name`, of `length` bytes; SETTINGS_COUNT if none is. */
enum setting setting_find(const char *name, size_t length);

/* Values as they were given, checked; NULL where none was.  Zeroed: empty. */
struct settings {
	char *value[SETTINGS_COUNT]; /* owned */
};

/*
 * Take in a value, in its plain form (see settings_check.h): it replaces the
 * one before, or is added to a list.  A wrong one fails with a sentence that
 * says what would be right, without naming where it came from, and changes
 * nothing.
 */
int settings_put(struct settings *settings, enum setting setting,
	const char *value, struct error *err);

/* Are there more items in a list than a step can have?  -1 then. */
int settings_check_count(const struct settings *settings, struct error *err);

/*
 * Has the user said something about what the administrator keeps to himself?
 * -1 with a sentence then.
 */
int settings_check_denied(const struct settings *settings,
	const bool denied[SETTINGS_COUNT], struct error *err);

/* Take the values of `defaults` where there is none; lists go before. */
int settings_add_defaults(struct settings *settings,
	const struct settings *defaults, struct error *err);

/* The value, or the rule's fallback; never NULL. */
const char *settings_get(const struct settings *settings, enum setting setting);

/* Is the value of the setting this word? */
bool settings_is(const struct settings *settings, enum setting setting,
	const char *word);

/* Does the step have an image at all? */
bool settings_have_image(const struct settings *settings);

/* The size of a writable tmpfs that follows "yes,"; NULL if none does. */
const char *settings_tmpfs_size(const struct settings *settings);

/* Take a value back. */
void settings_forget(struct settings *settings, enum setting setting);

void settings_free(struct settings *settings);

/* What is wrong with the last value of each setting, as sentences. */
struct settings_wrong {
	char *text[SETTINGS_COUNT]; /* owned; NULL: nothing */
};

/* Note that a value was refused for *err, or with NULL that one was taken: a
 * good value undoes a bad one before it. */
void settings_note(struct settings_wrong *wrong, enum setting setting,
	const struct error *err);

/* The first sentence into *ret_err, if there is one. */
bool settings_tell_wrong(const struct settings_wrong *wrong,
	struct error *ret_err);

#endif
