/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The values of all settings.  Each process parses them once, where it begins,
 * and prints them once, where it hands them on; setting_rules.c says how.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/settings.h"

/*
 * What execve(2) accepts as one argument or variable.  Another client than
 * Slurm's can send more, and slurmstepd would need many times that memory to
 * take it apart.
 */
#define TEXT_MAX (128 * 1024 - 1)

static int check_length(const char *text, struct error *err)
{
	if (strlen(text) <= TEXT_MAX)
		return 0;
	return error_set(err, 0, "the value is longer than %d characters",
		TEXT_MAX);
}

static int parse_text(const struct setting_rule *rule, const char *text,
	struct setting_value *ret_value, struct error *err)
{
	struct setting_value value = { .is_set = true };

	/* "(null)" is what Slurm replays of an option without its value. */
	if (rule->is_flag && (!*text || strcmp(text, "(null)") == 0))
		text = word_name(WORD_YES);
	if (rule->parse(text, rule->words, &value, err) < 0) {
		setting_value_free(&value);
		return -1;
	}
	*ret_value = value;
	return 0;
}

static void replace_value(struct settings *settings, enum setting setting,
	struct setting_value value)
{
	settings_forget(settings, setting);
	settings->value[setting] = value;
}

int settings_put(struct settings *settings, enum setting setting,
	const char *text, struct error *err)
{
	const struct setting_rule *rule = setting_rule(setting);
	struct setting_value value = { .is_set = true, .word = NO_WORD };
	int added;

	if (check_length(text, err) < 0)
		return -1;
	if (rule->is_list && strcmp(text, "none") == 0) {
		replace_value(settings, setting, value);
		return 0;
	}
	if (parse_text(rule, text, &value, err) < 0)
		return -1;
	if (!rule->is_list || !settings->value[setting].is_set) {
		replace_value(settings, setting, value);
		return 0;
	}
	added = setting_value_append(&settings->value[setting], &value, err);
	setting_value_free(&value);
	return added;
}

int settings_complete(struct settings *settings, enum setting setting,
	const char *inherited, bool site_has_images, struct error *err)
{
	const struct setting_rule *rule = setting_rule(setting);
	struct setting_value *value = &settings->value[setting];
	struct setting_value before = { .is_set = false };
	struct error ignored;
	int completed;

	if (!value->is_set || !rule->complete)
		return 0;
	if (inherited)
		parse_text(rule, inherited, &before, &ignored);
	completed = rule->complete(value, &before, site_has_images, err);
	setting_value_free(&before);
	return completed;
}

/* Each image has a server. */
static int check_images_count(const struct further_images *images,
	struct error *err)
{
	if (images->count <= SETTINGS_MOUNTS_MAX)
		return 0;
	return error_set(err, 0,
		"--sif-mount: a step can have %d further images, not more",
		SETTINGS_MOUNTS_MAX);
}

/* The step would mount all, and show only the last. */
static int check_targets(const struct further_images *images, struct error *err)
{
	size_t i, other;

	for (i = 0; i < images->count; i++)
		for (other = 0; other < i; other++)
			if (strcmp(images->items[i]->target,
				    images->items[other]->target) == 0)
				return error_set(err, 0,
					"--sif-mount: there is more than one "
					"image for '%s'",
					images->items[i]->target);
	return 0;
}

static int check_further_images(const struct settings *settings,
	struct error *err)
{
	struct further_images images;

	settings_further_images(settings, &images);
	if (check_images_count(&images, err) < 0)
		return -1;
	return check_targets(&images, err);
}

int settings_check(const struct settings *settings, struct error *err)
{
	bool joins = settings_have_join(settings);
	const struct setting_rule *rule;
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		rule = setting_rule(i);
		if (rule->check && (rule->valid_with_join || !joins) &&
			rule->check(settings_get(settings, i), err) < 0)
			return -1;
	}
	return joins ? 0 : check_further_images(settings, err);
}

char *settings_print(const struct settings *settings, enum setting setting)
{
	return setting_rule(setting)->print(settings_get(settings, setting));
}

const struct setting_value *settings_get(const struct settings *settings,
	enum setting setting)
{
	return settings->value[setting].is_set
		       ? &settings->value[setting]
		       : &setting_rule(setting)->fallback;
}

bool settings_is(const struct settings *settings, enum setting setting,
	enum word word)
{
	return settings_get(settings, setting)->word == word;
}

bool settings_is_fallback(const struct settings *settings, enum setting setting)
{
	const struct setting_value *value = settings_get(settings, setting);
	const struct setting_value *fallback = &setting_rule(setting)->fallback;

	return fallback->word == NO_WORD ? setting_value_is_empty(value)
					 : value->word == fallback->word &&
						   value->size.number == 0;
}

const char *settings_path(const struct settings *settings, enum setting setting)
{
	return settings_get(settings, setting)->path;
}

/* Users who bypass srun can leave a variable in it. */
const char *settings_home(const struct settings *settings)
{
	const char *path = settings_path(settings, SETTING_HOME);

	return path && path[0] == '/' ? path : NULL;
}

const char *settings_image(const struct settings *settings)
{
	const char *path = settings_path(settings, SETTING_IMAGE);

	return path ? path : word_name(WORD_NONE);
}

const struct bind_list *settings_binds(const struct settings *settings,
	enum setting setting)
{
	return &settings_get(settings, setting)->binds;
}

static void add_image(struct further_images *images,
	const struct bind_spec *spec)
{
	if (images->count < SETTINGS_MOUNTS_MAX)
		images->items[images->count] = spec;
	images->count++;
}

void settings_further_images(const struct settings *settings,
	struct further_images *ret_images)
{
	const struct bind_list *mounts =
		settings_binds(settings, SETTING_MOUNT);
	const struct bind_list *binds = settings_binds(settings, SETTING_BIND);
	size_t i;

	*ret_images = (struct further_images){ .mounts = mounts->count };
	for (i = 0; i < mounts->count; i++)
		add_image(ret_images, &mounts->items[i]);
	for (i = 0; i < binds->count; i++)
		if (binds->items[i].image_path)
			add_image(ret_images, &binds->items[i]);
}

const struct overlay_list *settings_overlays(const struct settings *settings)
{
	return &settings_get(settings, SETTING_OVERLAY)->overlays;
}

bool settings_have_image(const struct settings *settings)
{
	return !settings_is(settings, SETTING_IMAGE, WORD_NONE);
}

bool settings_have_join(const struct settings *settings)
{
	return !settings_is(settings, SETTING_JOIN, WORD_NONE);
}

static int add_default(struct settings *settings, enum setting setting,
	const struct setting_value *value, struct error *err)
{
	struct setting_value *own = &settings->value[setting], sum;

	if (setting_value_copy(value, &sum, err) < 0)
		return -1;
	if (own->is_set && setting_value_append(&sum, own, err) < 0) {
		setting_value_free(&sum);
		return -1;
	}
	replace_value(settings, setting, sum);
	return 0;
}

int settings_add_defaults(struct settings *settings,
	const struct settings *defaults, struct error *err)
{
	const struct setting_value *own;
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		own = &settings->value[i];
		/* A list that the user has cleared stays empty. */
		if (!defaults->value[i].is_set ||
			(own->is_set && (!setting_rule(i)->is_list ||
						setting_value_is_empty(own))))
			continue;
		if (add_default(settings, i, &defaults->value[i], err) < 0)
			return -1;
	}
	return 0;
}

void settings_move(struct settings *settings, enum setting setting,
	struct settings *from)
{
	if (!from->value[setting].is_set)
		return;
	replace_value(settings, setting, from->value[setting]);
	from->value[setting] = (struct setting_value){ .is_set = false };
}

static int check_denied_parts(const struct settings *settings,
	struct error *err)
{
	struct further_images further;

	settings_further_images(settings, &further);
	if (further.count == further.mounts)
		return 0;
	return error_set(err, 0,
		"image-src= is not for users of this site, as --sif-mount is "
		"not: leave it out (deny= in plugstack.conf)");
}

int settings_check_denied(const struct settings *settings,
	const bool denied[SETTINGS_COUNT], struct error *err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (denied[i] && settings->value[i].is_set &&
			!setting_value_is_empty(&settings->value[i]))
			return error_set(err, 0,
				"--sif-%s is not for users of this site: leave "
				"it out, and unset %s (deny= in plugstack.conf)",
				setting_rule(i)->name,
				setting_rule(i)->variable);
	return denied[SETTING_MOUNT] ? check_denied_parts(settings, err) : 0;
}

void settings_forget(struct settings *settings, enum setting setting)
{
	setting_value_free(&settings->value[setting]);
}

void settings_free(struct settings *settings)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		settings_forget(settings, i);
}

void settings_errors_set(struct settings_errors *errors, enum setting setting,
	const struct error *err)
{
	char **text = &errors->text[setting];

	free(*text);
	*text = err ? strdup(err->text) : NULL;
}

void settings_errors_free(struct settings_errors *errors)
{
	size_t i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		settings_errors_set(errors, i, NULL);
}

bool settings_errors_first(const struct settings_errors *errors,
	struct error *ret_err)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		if (errors->text[i]) {
			error_set(ret_err, 0, "%s", errors->text[i]);
			return true;
		}
	return false;
}

bool settings_want_container(const struct settings *settings,
	const struct settings_errors *wrong)
{
	return settings_have_image(settings) || settings_have_join(settings) ||
	       wrong->text[SETTING_IMAGE] || wrong->text[SETTING_JOIN];
}
