/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command refuses although each value is valid: components of a
 * heterogeneous command that differ, options that have no effect together with
 * --sif-join, and options that have none because there is no image.
 *
 * An option of the command's own line that has no effect is refused.  A
 * variable may be meant for another command, so it causes a warning at most.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/submit_check.h"

static int refuse_component(enum setting setting, const char *value,
	const char *first, struct error *err)
{
	return error_set(err, 0,
		"--sif-%s=%s: all components of a command have the same "
		"options, and the first has '%s'; give each an srun of its own "
		"(--het-group)",
		setting_rule(setting)->name, value, first);
}

/* The last value would hold for all components; lists accumulate. */
int submit_check_component(const struct settings *settings, struct error *err)
{
	const struct settings none = { .value = { { .is_set = false } } };
	int i;

	for (i = 0; i < SETTINGS_COUNT; i++) {
		const char *first = getenv(setting_rule(i)->relay_variable);
		CLEANUP_FREE char *fallback = settings_print(&none, i);
		CLEANUP_FREE char *value = settings_print(settings, i);

		if (!value || !fallback)
			return error_set(err, 0, "cannot allocate memory");
		if (!first)
			first = fallback;
		if (!setting_rule(i)->is_list && settings->value[i].is_set &&
			strcmp(value, first) != 0)
			return refuse_component(i, value, first, err);
	}
	return 0;
}

/* A batch script cannot run in an existing container, and salloc does not pass
 * the option to the srun that starts an interactive step. */
static int refuse_join(struct settings *settings, bool is_given,
	struct error *err)
{
	if (is_given)
		return error_set(err, 0,
			"--sif-join works with srun only: give it to an srun, "
			"of this job or another (srun --jobid=JOB --overlap)");
	settings_forget(settings, SETTING_JOIN);
	return 0;
}

int submit_check_join(struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, struct error *err)
{
	int i;

	if (!settings_have_join(settings))
		return 0;
	if (!is_srun)
		return refuse_join(settings, given[SETTING_JOIN], err);
	for (i = 0; i < SETTINGS_COUNT; i++)
		if (given[i] && !setting_rule(i)->valid_with_join)
			return error_set(err, 0,
				"--sif-%s has no effect with --sif-join (or %s)"
				": that container exists already; leave one "
				"of them out",
				setting_rule(i)->name,
				setting_rule(SETTING_JOIN)->variable);
	return 0;
}

/* --- without an image ----------------------------------------------------- */

/* Does the setting need an image for this command?  Settings of sbatch and
 * salloc may be for sruns that name an image themselves, except where the
 * script itself runs. */
static bool wants_image(const struct settings *settings, enum setting setting,
	bool is_given, bool is_srun)
{
	if (settings_is_fallback(settings, setting))
		return false;
	if (!is_srun)
		return setting == SETTING_BATCH;
	return setting != SETTING_BATCH &&
	       (is_given || setting != SETTING_DEBUG);
}

/* The names of such settings: options of this command, or else variables. Owned
 * by the caller; NULL if there are none. */
static char *list_wanting(const struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, bool given_only)
{
	char *list = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);
	int i;

	if (!out)
		return NULL;
	for (i = 0; i < SETTINGS_COUNT; i++)
		if ((given[i] || !given_only) &&
			wants_image(settings, i, given[i], is_srun))
			fprintf(out, "%s%s%s", ftell(out) > 0 ? ", " : "",
				given[i] ? "--sif-" : "",
				given[i] ? setting_rule(i)->name
					 : setting_rule(i)->variable);
	fclose(out);
	if (list && *list)
		return list;
	free(list);
	return NULL;
}

/* Users who give --sif-image=none know where the step runs. */
static void warn_of_none(const char *own, struct report *report)
{
	if (own)
		report_note(report,
			"%s: no effect, as --sif-image=none asks for the host",
			own);
}

int submit_check_image(const struct settings *settings,
	const bool given[SETTINGS_COUNT], bool is_srun, struct report *report,
	struct error *err)
{
	const char *what = is_srun ? "step" : "script";
	CLEANUP_FREE char *own = NULL, *all = NULL;

	if (settings_have_image(settings) || settings_have_join(settings))
		return 0;
	own = list_wanting(settings, given, is_srun, true);
	if (settings->value[SETTING_IMAGE].is_set) {
		warn_of_none(own, report);
		return 0;
	}
	if (own)
		return error_set(err, 0,
			"there is no image for %s: the %s would run on the "
			"host; name one with --sif-image=IMAGE, or say "
			"--sif-image=none if the host is meant",
			own, what);
	all = list_wanting(settings, given, is_srun, false);
	if (all)
		report_note(report,
			"there is no image for %s: the %s runs on the host; "
			"name one with --sif-image=IMAGE, or say "
			"--sif-image=none if the host is meant",
			all, what);
	return 0;
}
