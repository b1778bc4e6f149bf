/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_SETTINGS_H
#define SPANK_PLUGIN_SETTINGS_SETTINGS_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/settings/setting_rules.h"

/* The values of all settings.  All zero: none is set. */
struct settings {
	struct setting_value value[SETTINGS_COUNT];
};

/* --- from text, and to text ----------------------------------------------- */

/*
 * Parse a value: it replaces the one before, or is added to a list.  A wrong
 * one changes nothing and fails with a sentence that says what would be right,
 * without naming where it came from.
 */
int settings_put(struct settings *settings, enum setting setting,
	const char *text, struct error *err);

/*
 * Complete a value where the user gives it, see setting_complete.h.
 * `inherited` is the text that an outer command has handed on, or NULL.
 */
int settings_complete(struct settings *settings, enum setting setting,
	const char *inherited, bool site_has_images, struct error *err);

/* Can a step have these values?  What has no effect with --sif-join is not
 * looked at if that is set. */
int settings_check(const struct settings *settings, struct error *err);

/* The value as text, which settings_put() parses to the same value; owned by
 * the caller, NULL if there is no memory. */
char *settings_print(const struct settings *settings, enum setting setting);

/* --- typed values --------------------------------------------------------- */

/* The value, or the fallback of its rule. */
const struct setting_value *settings_get(const struct settings *settings,
	enum setting setting);

/* Is the value what it is if nobody sets it? */
bool settings_is_fallback(const struct settings *settings,
	enum setting setting);

/* Is the value this word? */
bool settings_is(const struct settings *settings, enum setting setting,
	enum word word);

/* The path that is the value; NULL if it is a word, or empty. */
const char *settings_path(const struct settings *settings,
	enum setting setting);

/* The directory that --sif-home names; NULL if it names none. */
const char *settings_home(const struct settings *settings);

/* The path of the image, or "none". */
const char *settings_image(const struct settings *settings);

/* The binds of a list of these. */
const struct bind_list *settings_binds(const struct settings *settings,
	enum setting setting);

/*
 * The images that a step has besides that of its root: those of --sif-mount,
 * then the binds with image-src=.  All borrowed.
 */
struct further_images {
	const struct bind_spec *items[SETTINGS_MOUNTS_MAX];
	size_t count;  /* as many as there are, perhaps more than fit */
	size_t mounts; /* of these are of --sif-mount */
};

void settings_further_images(const struct settings *settings,
	struct further_images *ret_images);

/* The layers over the image, the uppermost last. */
const struct overlay_list *settings_overlays(const struct settings *settings);

bool settings_have_image(const struct settings *settings);

/* Does the step enter the container of another one? */
bool settings_have_join(const struct settings *settings);

/* --- whole sets ----------------------------------------------------------- */

/* Take the values of `defaults` for what is not set; lists go before. */
int settings_add_defaults(struct settings *settings,
	const struct settings *defaults, struct error *err);

/* Move the value of `from` to `settings`, if it is set. */
void settings_move(struct settings *settings, enum setting setting,
	struct settings *from);

/* Is a setting set to something that the administrator denies to users?  -1
 * with a sentence then. */
int settings_check_denied(const struct settings *settings,
	const bool denied[SETTINGS_COUNT], struct error *err);

/* Unset a setting. */
void settings_forget(struct settings *settings, enum setting setting);

void settings_free(struct settings *settings);

/* --- what is wrong with them ---------------------------------------------- */

/* A sentence for each setting whose last value was refused. */
struct settings_errors {
	char *text[SETTINGS_COUNT]; /* owned; NULL: nothing is wrong */
};

/* Record the error of a refused value; NULL, for an accepted one, clears it. */
void settings_errors_set(struct settings_errors *errors, enum setting setting,
	const struct error *err);

void settings_errors_free(struct settings_errors *errors);

/* The first sentence into *ret_err, if there is one. */
bool settings_errors_first(const struct settings_errors *errors,
	struct error *ret_err);

/* Does the user ask for an image, or to join a step that has one?  Also if the
 * value with which they ask is wrong. */
bool settings_want_container(const struct settings *settings,
	const struct settings_errors *wrong);

#endif
