/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The environment of a task, which Slurm owns: it is read and changed through
 * SPANK.
 */
#include <string.h>

#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/envp.h"
#include "spank/plugin/task_environment.h"

/* How much of a value --sif-debug shows. */
#define VALUE_SHOWN_MAX 500

/* Without a value, unset it. */
static int change_variable(spank_t spank, const char *name, const char *value,
	struct error *err)
{
	spank_err_t rc = value ? spank_setenv(spank, name, value, 1)
			       : spank_unsetenv(spank, name);

	if (rc == ESPANK_SUCCESS)
		return 0;
	return error_set(err, 0, "cannot set the variable %s: %s", name,
		spank_strerror(rc));
}

/* Programs in the image need HOME and USER, which --export=NONE takes away. */
int task_environment_load(spank_t spank, char ***ret_job, struct error *err)
{
	static const char *const names[] = { "USER", "HOME" };
	struct admin_variables variables;
	char *const *found = NULL;
	const char *value;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		/* Each time anew: spank_setenv() moves it. */
		spank_get_item(spank, S_JOB_ENV, ret_job);
		if (envp_get(*ret_job, names[i]))
			continue;
		if (!found)
			admin_variables_load(0, &variables);
		found = variables.list;
		value = envp_get(found, names[i]);
		if (value && change_variable(spank, names[i], value, err) < 0)
			return -1;
	}
	spank_get_item(spank, S_JOB_ENV, ret_job);
	return 0;
}

int task_environment_change(spank_t spank,
	const struct environment_edits *edits, const char *pwd,
	struct error *err)
{
	const struct environment_entry *entry = edits->list.entries;
	size_t i;

	for (i = 0; i < edits->list.count; i++, entry++)
		if (change_variable(spank, entry->name, entry->value, err) < 0)
			return -1;
	return change_variable(spank, "PWD", pwd, err);
}

static void report_variable(const struct environment_entry *entry,
	const struct environment *setters, struct report *report)
{
	const char *script = entry->source == ENVIRONMENT_IMAGE
				     ? environment_value(setters, entry->name)
				     : NULL;

	report_detail(report, "variable  %s=%.*s%s  from %s%s%s%s", entry->name,
		VALUE_SHOWN_MAX, entry->value,
		strlen(entry->value) > VALUE_SHOWN_MAX ? "..." : "",
		environment_source_name(entry->source), script ? " (" : "",
		script ? script : "", script ? ")" : "");
}

void task_environment_report(const struct environment_edits *edits,
	struct report *report)
{
	char names[2048];
	int source;
	size_t i;

	for (i = 0; i < edits->list.count; i++)
		if (edits->list.entries[i].value)
			report_variable(&edits->list.entries[i],
				&edits->setters, report);
	for (source = 0; source < ENVIRONMENT_SOURCES; source++)
		if (environment_describe_absent(&edits->list, source, names,
			    sizeof(names)))
			report_detail(report, "variables removed by %s: %s",
				environment_source_name(source), names);
}
