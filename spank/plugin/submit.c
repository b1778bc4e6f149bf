/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Submission: from what the user said, in whatever directory, to values that
 * mean the same on every node and in every srun of the job.
 *
 *   1. load: SPANK_SIF_NAME, or else what an outer command has handed on
 *   2. Slurm calls back for the options (options.c)
 *   3. finish: binds of Singularity's variables; paths made absolute; what
 *      the administrator denies; a look at the image; hand on
 *
 * The values are handed on twice: as SPANK_SIF_NAME, which the user may change
 * in his job script, and in a variable that begins with SLURM_, which reaches
 * the nodes whatever --export says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/plugin/container/container.h"
#include "spank/plugin/container/foreign_binds.h"
#include "spank/plugin/foreign_settings.h"
#include "spank/plugin/inspect.h"
#include "spank/plugin/settings/expand.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/settings_check.h"
#include "spank/plugin/submit.h"
#include "spank/plugin/submit_check.h"

/* Slurm's own replay of an option of sbatch or salloc, see spank(8). */
#define REPLAY "SLURM_SPANK__SLURM_SPANK_OPTION_spank_sif_sif_"

static void forget_replay(const char *name)
{
	char variable[128];
	char *c;

	snprintf(variable, sizeof(variable), REPLAY "%s", name);
	for (c = variable; *c; c++)
		if (*c == '-')
			*c = '_';
	unsetenv(variable);
}

static bool has_paths(enum setting setting)
{
	return setting == SETTING_IMAGE || setting == SETTING_BIND ||
	       setting == SETTING_MOUNT || setting == SETTING_HOME ||
	       setting == SETTING_WORKDIR;
}

/* Is the value complete already: an outer command's, or that of an earlier
 * component of this one? */
static bool is_handed_on(enum setting setting, const char *value)
{
	const char *handed_on = getenv(setting_rule(setting)->relay_variable);

	return handed_on && strcmp(value, handed_on) == 0;
}

/* Take in a value of the environment.  One that an outer command has handed on
 * is complete, and a '$' in it is one of a name. */
static int load_value(struct settings *settings, enum setting setting,
	const char *value, struct error *err)
{
	CLEANUP_FREE char *escaped = NULL;

	if (!has_paths(setting) || !is_handed_on(setting, value))
		return settings_put(settings, setting, value, err);
	escaped = expand_escape(value);
	if (!escaped)
		return error_set(err, 0, "cannot allocate memory");
	return settings_put(settings, setting, escaped, err);
}

static void load_variable(struct settings *settings, enum setting setting,
	struct settings_errors *ret_wrong)
{
	const struct setting_rule *rule = setting_rule(setting);
	const char *value = getenv(rule->variable);
	struct error err = { 0 };

	forget_replay(rule->name);
	if (rule->not_inherited)
		unsetenv(rule->relay_variable);
	if (!value || !*value)
		value = getenv(rule->relay_variable);
	/* A list that was emptied is handed on as one. */
	if (value && (*value || rule->is_list) &&
		load_value(settings, setting, value, &err) < 0) {
		error_prefix(&err, "%s", rule->variable);
		settings_errors_set(ret_wrong, setting, &err);
	}
}

void submit_load(struct settings *settings, struct settings_errors *ret_wrong)
{
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++)
		load_variable(settings, i, ret_wrong);
}

/* --- paths ---------------------------------------------------------------- */

static int replace_text(char **place, const char *value, struct error *err)
{
	char *copy = strdup(value);

	if (!copy)
		return error_set(err, 0, "cannot allocate memory");
	free(*place);
	*place = copy;
	return 0;
}

/* As is_handed_on(), of one item among those of --sif-mount. */
static bool is_mount_handed_on(const struct bind_spec *spec)
{
	const char *handed_on =
		getenv(setting_rule(SETTING_MOUNT)->relay_variable);
	struct bind_list specs;
	struct error ignored;
	bool found = false;
	size_t i;

	if (!handed_on || bind_list_parse(handed_on, BIND_SPEC_IMAGES, &specs,
				  &ignored) < 0)
		return false;
	for (i = 0; i < specs.count && !found; i++)
		found = strcmp(spec->source, specs.items[i].source) == 0 &&
			strcmp(spec->target, specs.items[i].target) == 0;
	bind_list_free(&specs);
	return found;
}

/*
 * A name without '/' is a file of the working directory, if there is one; or
 * else it may be one of the site's, which the nodes look up.
 */
static int complete_image(char **image, const struct plugstack_args *args,
	struct error *err)
{
	char path[PATH_MAX];
	bool is_bare = !strchr(*image, '/') && args->path;

	if (strcmp(*image, "none") == 0)
		return 0;
	if (expand_path(*image, path, err) < 0)
		return -1;
	if (is_bare && access(path, F_OK) < 0)
		return 0;
	return replace_text(image, path, err);
}

static int complete_directory(char **place, struct error *err)
{
	char path[PATH_MAX];

	if (expand_absolute(*place, environ, path, err) < 0)
		return -1;
	bind_spec_clean(path);
	return replace_text(place, path, err);
}

static int complete_target(struct bind_spec *spec, struct error *err)
{
	if (complete_directory(&spec->target, err) < 0)
		return -1;
	if (strcmp(spec->target, "/") == 0)
		return error_set(err, 0,
			"nothing can be bound at '/', the root of the image");
	return 0;
}

static int complete_spec(struct bind_spec *spec, enum bind_spec_kind kind,
	const struct plugstack_args *args, struct error *err)
{
	char path[PATH_MAX];
	bool same = spec->source && strcmp(spec->source, spec->target) == 0;

	if (!spec->source)
		return complete_target(spec, err);
	if (kind == BIND_SPEC_IMAGES) {
		if (is_mount_handed_on(spec))
			return 0;
		if (complete_image(&spec->source, args, err) < 0)
			return -1;
	} else if (expand_path(spec->source, path, err) < 0 ||
		   replace_text(&spec->source, path, err) < 0) {
		return -1;
	}
	if (same && replace_text(&spec->target, spec->source, err) < 0)
		return -1;
	return complete_target(spec, err);
}

/* The step would mount all, and show but the last. */
static int check_places(const struct bind_list *images, struct error *err)
{
	size_t i, other;

	if (images->count > CONTAINER_IMAGES_MAX - 1)
		return error_set(err, 0,
			"a step can have %d further images, not more",
			CONTAINER_IMAGES_MAX - 1);
	for (i = 0; i < images->count; i++)
		for (other = 0; other < i; other++)
			if (strcmp(images->items[i].target,
				    images->items[other].target) == 0)
				return error_set(err, 0,
					"there is more than one image for '%s'",
					images->items[i].target);
	return 0;
}

static int complete_specs(char **place, enum bind_spec_kind kind,
	const struct plugstack_args *args, struct error *err)
{
	struct bind_list specs;
	char *text = NULL;
	int done;
	size_t i;

	if (bind_list_parse(*place, kind, &specs, err) < 0)
		return -1;
	for (i = 0, done = 0; i < specs.count && done == 0; i++)
		done = complete_spec(&specs.items[i], kind, args, err);
	if (done == 0 && kind == BIND_SPEC_IMAGES)
		done = check_places(&specs, err);
	if (done == 0)
		text = bind_list_print(&specs);
	bind_list_free(&specs);
	if (done == 0 && !text)
		return error_set(err, 0, "cannot allocate memory");
	if (done < 0)
		return -1;
	free(*place);
	*place = text;
	return 0;
}

static int complete_setting(struct settings *settings, enum setting setting,
	const struct plugstack_args *args, struct error *err)
{
	char **place = &settings->value[setting];

	if (!*place || !**place || is_handed_on(setting, *place))
		return 0;
	switch (setting) {
	case SETTING_IMAGE:
		return complete_image(place, args, err);
	case SETTING_BIND:
		return complete_specs(place, BIND_SPEC_USER, args, err);
	case SETTING_MOUNT:
		return complete_specs(place, BIND_SPEC_IMAGES, args, err);
	case SETTING_WORKDIR:
		return complete_directory(place, err);
	case SETTING_HOME:
		return settings_home_is_word(*place)
			       ? 0
			       : complete_directory(place, err);
	default:
		return 0;
	}
}

/*
 * Complete by itself, so that what is wrong with it has the variable's name,
 * and in the form of what is still to be completed.  Scripts that write
 * "$SINGULARITY_BIND,/data" count on empty items being left out.
 */
static int put_foreign_binds(struct settings *merged, const char *variable,
	const struct plugstack_args *args, struct error *err)
{
	const char *set = getenv(variable);
	char *value = strdup(set ? set : "");
	CLEANUP_FREE char *escaped = NULL;
	int put = -1;

	if (value) {
		list_close_gaps(value);
		put = complete_specs(&value, BIND_SPEC_USER, args, err);
	}
	if (put == 0)
		escaped = expand_escape(value);
	if (!value || (put == 0 && !escaped))
		put = error_set(err, 0, "cannot allocate memory");
	free(value);
	return put < 0 || !*escaped
		       ? put
		       : settings_put(merged, SETTING_BIND, escaped, err);
}

static bool begins_with_list(const char *list, const char *begin)
{
	size_t length = strlen(begin);

	return strncmp(list, begin, length) == 0 &&
	       (list[length] == ',' || !list[length]);
}

/*
 * What job scripts for the other runtimes say already.  It comes first, so
 * that --sif-bind has the last word about a destination.
 */
static int add_foreign_binds(struct settings *settings,
	const struct plugstack_args *args, struct error *err)
{
	struct settings merged = { { NULL } };
	const char *own = settings->value[SETTING_BIND], *foreign;
	size_t i;

	/* "none" is of all that came before. */
	if (args->denied[SETTING_BIND] || (own && !*own))
		return 0;
	for (i = 0; foreign_binds_variables[i]; i++)
		if (put_foreign_binds(&merged, foreign_binds_variables[i], args,
			    err) < 0) {
			settings_free(&merged);
			return error_prefix(err, "%s",
				foreign_binds_variables[i]);
		}
	foreign = settings_get(&merged, SETTING_BIND);
	/* An outer command has added them already. */
	if (!*foreign || (own && begins_with_list(own, foreign))) {
		settings_free(&merged);
		return 0;
	}
	if (own && settings_put(&merged, SETTING_BIND, own, err) < 0) {
		settings_free(&merged);
		return -1;
	}
	settings_forget(settings, SETTING_BIND);
	settings->value[SETTING_BIND] = merged.value[SETTING_BIND];
	return 0;
}

/* --- the end -------------------------------------------------------------- */

/* An srun whose image is the job's has been told by sbatch already. */
static bool is_news(const struct settings *settings)
{
	const char *image = getenv(setting_rule(SETTING_IMAGE)->relay_variable);
	const char *mount = getenv(setting_rule(SETTING_MOUNT)->relay_variable);

	return !image || strcmp(image, settings_get(settings, SETTING_IMAGE)) ||
	       strcmp(mount ? mount : "",
		       settings_get(settings, SETTING_MOUNT));
}

static int hand_on(const struct settings *settings, struct error *err)
{
	const struct setting_rule *rule;
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		rule = setting_rule(i);
		if (!settings->value[i])
			continue;
		if ((!rule->not_inherited &&
			    setenv(rule->variable, settings->value[i], 1) <
				    0) ||
			setenv(rule->relay_variable, settings->value[i], 1) < 0)
			return error_set(err, errno, "cannot set %s",
				rule->variable);
	}
	return 0;
}

int submit_finish(struct settings *settings, const struct plugstack_args *args,
	bool is_srun, bool again, struct report *report, struct error *err)
{
	bool has_image = settings_have_image(settings) ||
			 !settings_is(settings, SETTING_JOIN, "none");
	int i;

	if (has_image && (add_foreign_binds(settings, args, err) < 0 ||
				 foreign_settings_add(settings, args, err) < 0))
		return -1;
	for (i = 0; i < SETTINGS_COUNT; i++)
		if (complete_setting(settings, i, args, err) < 0)
			return error_prefix(err, "--sif-%s",
				setting_rule(i)->name);
	if (has_image && (plugstack_args_check_users(args, settings, err) < 0 ||
				 settings_check_count(settings, err) < 0))
		return -1;
	if (again && submit_check_component(settings, err) < 0)
		return -1;
	if (settings_have_image(settings) && is_news(settings)) {
		foreign_settings_note(report);
		if (inspect_images(settings, args, is_srun, report, err) < 0)
			return -1;
	}
	return hand_on(settings, err);
}
