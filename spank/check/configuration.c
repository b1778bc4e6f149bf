/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's line in plugstack.conf, and what its arguments ask for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "common/plugstack_file.h"
#include "spank/check/check.h"

#define BLANKS " \t\n"
#define PLUGIN "spank_sif.so"
#define SWEEP  "spank_sif_sweep.so"

#define ARGUMENTS_MAX 256

struct lines {
	char first[4096];  /* file and line of the plugin */
	char path[4096];   /* that file */
	char plugin[4096]; /* the plugin, as it is written */
	char after[256];   /* the plugin that follows it */
	char kind[64];     /* "required" */
	char *arguments;   /* owned */
	unsigned int count;
	bool is_cut;
	bool has_return; /* the line ends as on Windows */
	bool has_sweep;
};

/* Slurm does not take a carriage return for a blank. */
static bool is_plugin(const char *object)
{
	const size_t length = strlen(PLUGIN);

	return strncmp(object, PLUGIN, length) == 0 &&
	       (!object[length] || strcmp(object + length, "\r") == 0);
}

static void note_plugin(const struct plugstack_line *line, struct lines *lines)
{
	snprintf(lines->first, sizeof(lines->first), "'%.3900s', line %d",
		line->path, line->number);
	snprintf(lines->path, sizeof(lines->path), "%s", line->path);
	snprintf(lines->plugin, sizeof(lines->plugin), "%s", line->file);
	lines->plugin[strcspn(lines->plugin, "\r")] = '\0';
	snprintf(lines->kind, sizeof(lines->kind), "%s", line->kind);
	lines->arguments = strdup(line->arguments);
	lines->is_cut = line->is_cut;
	lines->has_return =
		strchr(line->file, '\r') || strchr(line->arguments, '\r');
}

static void note_line(const struct plugstack_line *line, void *arg)
{
	struct lines *lines = arg;

	if (is_plugin(line->object)) {
		if (lines->count++ == 0)
			note_plugin(line, lines);
	} else if (strcmp(line->object, SWEEP) == 0) {
		lines->has_sweep = true;
	} else if (lines->count && !lines->after[0] && !lines->is_cut) {
		snprintf(lines->after, sizeof(lines->after), "%s",
			line->object);
	}
}

static void parse_arguments(struct check_context *context, char *text)
{
	char *words[ARGUMENTS_MAX];
	char *rest = NULL, *word;
	int count = 0;

	for (word = text ? strtok_r(text, BLANKS, &rest) : NULL;
		word && count < ARGUMENTS_MAX;
		word = strtok_r(NULL, BLANKS, &rest))
		words[count++] = word;
	plugstack_args_parse(count, words, &context->args,
		&context->wrong_arguments);
	context->mounts_on_host = plugstack_args_mount_on_host(&context->args);
}

static bool is_writable_by_users(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_mode & S_IWOTH;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* What is wrong with the line itself, so that steps fail or run on the host.
 * Returns true if something is. */
static bool find_failure(const struct lines *lines,
	const struct check_context *context, const char *path,
	struct check_finding *finding)
{
	const char *first = lines->first;

	if (!exists(path))
		check_set(finding, CHECK_FAILURE,
			"there is no '%.700s', which has to name %s: commands "
			"run on the host, whatever --sif-image says; create "
			"it with the line 'include %s/*.conf'",
			path, PLUGIN, PLUGSTACK_DIR);
	else if (lines->count == 0)
		check_set(finding, CHECK_FAILURE,
			"'%.700s' does not name %s, directly or by an include: "
			"commands run on the host, whatever --sif-image says; "
			"add the line 'include %s/*.conf', with 'required %s' "
			"in a file there",
			path, PLUGIN, PLUGSTACK_DIR, PLUGIN);
	else if (lines->count > 1)
		check_set(finding, CHECK_FAILURE,
			"%s is listed %u times, first in %.700s: keep one line",
			PLUGIN, lines->count, first);
	else if (strcmp(lines->kind, "optional") == 0)
		check_set(finding, CHECK_FAILURE,
			"%.700s: use 'required', not 'optional'; otherwise a "
			"node that cannot load the plugin runs commands on the "
			"host",
			first);
	else if (strcmp(lines->kind, "required") != 0)
		check_set(finding, CHECK_FAILURE,
			"%.700s: use 'required', not '%s'; Slurm ignores the "
			"line, and commands run on the host",
			first, lines->kind);
	else if (lines->has_return)
		check_set(finding, CHECK_FAILURE,
			"%.700s ends with a carriage return, which Slurm takes "
			"for a part of the last word: remove it",
			first);
	else if (lines->is_cut)
		check_set(finding, CHECK_FAILURE,
			"%.700s is longer than 4094 characters, and Slurm "
			"ignores the rest: shorten it",
			first);
	else if (is_writable_by_users(lines->path))
		check_set(finding, CHECK_FAILURE,
			"all users may write to '%.700s', and so make root "
			"load what they like: chmod 0644",
			lines->path);
	else if (error_is_set(&context->wrong_arguments))
		check_set(finding, CHECK_FAILURE, "%.250s: %.700s", first,
			context->wrong_arguments.text);
	else
		return false;
	return true;
}

/* The line as srun sees it; not 0: not at all, or srun itself fails. */
static int is_hidden(const void *arg)
{
	struct check_slurm_conf conf;
	struct lines lines = { .count = 0 };

	(void)arg;
	return !check_read_slurm_conf(&conf) ||
	       !plugstack_file_visit(conf.plugstack, note_line, &lines) ||
	       lines.count == 0;
}

static void judge_lines(const struct lines *lines,
	const struct check_context *context, const char *path,
	struct check_finding *finding)
{
	if (find_failure(lines, context, path, finding))
		return;
	if (check_as_user(is_hidden, NULL))
		check_set(finding, CHECK_FAILURE,
			"users cannot read '%.700s', a file that it includes, "
			"or slurm.conf, and their srun fails: chmod a+r",
			path);
	else if (lines->after[0])
		check_set(finding, CHECK_WARNING,
			"%.700s: %s follows it, and runs inside the container: "
			"make this line the last",
			lines->first, lines->after);
	else if (context->mounts_on_host && !lines->has_sweep)
		check_set(finding, CHECK_WARNING,
			"%.700s: with mount=host add the line 'required %s'",
			lines->first, SWEEP);
	else
		check_set(finding, CHECK_OK, "%.900s", lines->first);
}

/*
 * Slurm's choice among the folders of PluginDir: it passes over a plugin of
 * another release.  If there is no other one, that one is found.
 */
static void find_plugin(const char *name, struct check_context *context)
{
	char folders[sizeof(context->plugin_dir)];
	char path[sizeof(context->plugin)];
	char *rest = NULL, *folder;

	snprintf(folders, sizeof(folders), "%s", context->plugin_dir);
	for (folder = strtok_r(folders, ":", &rest); folder;
		folder = strtok_r(NULL, ":", &rest)) {
		uint32_t release;
		bool fits;

		if (snprintf(path, sizeof(path), "%s/%s", folder, name) >=
				(int)sizeof(path) ||
			!exists(path))
			continue;
		release = check_release_of(path).slurm;
		fits = SLURM_VERSION_MAJOR(release) ==
			       SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER) &&
		       SLURM_VERSION_MINOR(release) ==
			       SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER);
		if (fits || !context->plugin[0])
			memcpy(context->plugin, path, sizeof(path));
		if (fits)
			return;
	}
}

static void locate_plugin(const struct lines *lines,
	struct check_context *context)
{
	if (lines->plugin[0] == '/')
		snprintf(context->plugin, sizeof(context->plugin), "%s",
			lines->plugin);
	else
		find_plugin(lines->count ? lines->plugin : PLUGIN, context);
}

void check_read_configuration(struct check_context *context)
{
	struct lines lines = { .count = 0 };
	struct check_slurm_conf conf = { .plugin_dir = PLUGIN_DIR };
	const bool found = check_read_slurm_conf(&conf);

	if (found)
		plugstack_file_visit(conf.plugstack, note_line, &lines);
	parse_arguments(context, lines.arguments);
	memcpy(context->plugin_dir, conf.plugin_dir, sizeof(conf.plugin_dir));
	context->has_job_mounts = conf.has_job_mounts;
	locate_plugin(&lines, context);
	if (found)
		judge_lines(&lines, context, conf.plugstack,
			&context->plugstack);
	else
		check_set(&context->plugstack, CHECK_FAILURE,
			"there is no slurm.conf that can be read here: set "
			"SLURM_CONF");
	free(lines.arguments);
}

void check_plugstack(const struct check_context *context,
	struct check_finding *finding)
{
	*finding = context->plugstack;
}
