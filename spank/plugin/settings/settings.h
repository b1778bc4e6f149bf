/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTINGS_H
#define SPANK_PLUGIN_SETTINGS_SETTINGS_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/settings/setting_rules.h"

/* Items of --sif-env; more are not worth a longer list. */
#define SETTINGS_ENV_MAX 255

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
struct settings_errors {
	char *text[SETTINGS_COUNT]; /* owned; NULL: nothing */
};

/* Note that a value was refused for *err, or with NULL that one was taken: a
 * good value undoes a bad one before it. */
void settings_errors_set(struct settings_errors *wrong, enum setting setting,
	const struct error *err);

/* The first sentence into *ret_err, if there is one. */
bool settings_errors_first(const struct settings_errors *wrong,
	struct error *ret_err);

#endif
