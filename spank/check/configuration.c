/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's line in plugstack.conf, and what its arguments ask for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/plugstack_file.h"
#include "spank/check/check.h"

#define PLUGIN "spank_sif.so"
#define SWEEP  "spank_sif_sweep.so"
#define BLANKS " \t\r\n"

/* An include of itself would have no end. */
#define DEPTH_MAX     8
#define ARGUMENTS_MAX 256

/* Where slurm.conf may be: the first if Slurm was configured without
 * --sysconfdir, the last two on configless nodes. */
static const char *const slurm_confs[] = { SLURM_PREFIX "/etc/slurm.conf",
	SLURM_PREFIX "/etc/slurm/slurm.conf", "/etc/slurm/slurm.conf",
	"/run/slurm/conf/slurm.conf",
	"/var/spool/slurmd/conf-cache/slurm.conf" };

/* If `line` is KEY=VALUE or KEY VALUE, in any case and with blanks around: the
 * value, cut off at its end.  NULL: it is something else. */
static char *value_of(char *line, const char *key)
{
	line += strspn(line, BLANKS);
	if (strncasecmp(line, key, strlen(key)) != 0)
		return NULL;
	line += strlen(key);
	if (!strchr(BLANKS "=", *line) || !*line)
		return NULL;
	line += strspn(line, BLANKS "=");
	line[strcspn(line, BLANKS "#")] = '\0';
	return line;
}

/* Look for PlugStackConfig in slurm.conf and in what it includes. */
static void read_slurm_conf(const char *path, int depth, char *ret_path,
	size_t size)
{
	CLEANUP_FREE char *line = NULL;
	FILE *file = depth < DEPTH_MAX ? fopen(path, "re") : NULL;
	size_t line_size = 0;

	while (file && getline(&line, &line_size, file) > 0) {
		char included[4096];
		const char *value = value_of(line, "PlugStackConfig");

		if (value) {
			plugstack_file_resolve(value, path, ret_path, size);
		} else if ((value = value_of(line, "Include"))) {
			plugstack_file_resolve(value, path, included,
				sizeof(included));
			read_slurm_conf(included, depth + 1, ret_path, size);
		}
	}
	if (file)
		fclose(file);
}

/* False if there is no slurm.conf. */
static bool find_plugstack(char *ret_path, size_t size)
{
	const char *conf = getenv("SLURM_CONF");
	size_t i;

	for (i = 0; !conf && i < sizeof(slurm_confs) / sizeof(*slurm_confs);
		i++)
		if (access(slurm_confs[i], R_OK) == 0)
			conf = slurm_confs[i];
	if (!conf || access(conf, R_OK) < 0)
		return false;
	plugstack_file_resolve("plugstack.conf", conf, ret_path, size);
	read_slurm_conf(conf, 0, ret_path, size);
	return true;
}

struct lines {
	char first[4096]; /* file and line of the plugin */
	char after[256];  /* the plugin that follows it */
	char *arguments;  /* owned */
	unsigned int count;
	bool is_required;
	bool has_sweep;
};

static void note_line(const struct plugstack_line *line, void *arg)
{
	struct lines *lines = arg;

	if (strcmp(line->object, SWEEP) == 0) {
		lines->has_sweep = true;
	} else if (strcmp(line->object, PLUGIN) != 0) {
		if (lines->count && !lines->after[0])
			snprintf(lines->after, sizeof(lines->after), "%s",
				line->object);
	} else if (lines->count++ == 0) {
		snprintf(lines->first, sizeof(lines->first), "'%s', line %d",
			line->path, line->number);
		lines->arguments = strdup(line->arguments);
		lines->is_required = strcmp(line->kind, "required") == 0;
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
	context->mounts_on_host = context->args.users_choose_mount ||
				  settings_is(&context->args.defaults,
					  SETTING_HOST_MOUNT, WORD_YES);
}

static void judge_lines(const struct lines *lines,
	const struct check_context *context, const char *path,
	struct check_finding *finding)
{
	if (lines->count == 0)
		check_set(finding, CHECK_FAILURE,
			"'%s' does not name %s, directly or by an include: "
			"commands run on the host, whatever --sif-image says",
			path, PLUGIN);
	else if (lines->count > 1)
		check_set(finding, CHECK_FAILURE,
			"%s is listed %u times, first in %s: keep one line",
			PLUGIN, lines->count, lines->first);
	else if (!lines->is_required)
		check_set(finding, CHECK_FAILURE,
			"%s: use 'required', not 'optional'; otherwise a node "
			"that cannot load the plugin runs commands on the host",
			lines->first);
	else if (error_is_set(&context->wrong_arguments))
		check_set(finding, CHECK_FAILURE, "%s: %.700s", lines->first,
			context->wrong_arguments.text);
	else if (lines->after[0])
		check_set(finding, CHECK_WARNING,
			"%s: %s follows it, and runs inside the container: "
			"make this line the last",
			lines->first, lines->after);
	else if (context->mounts_on_host && !lines->has_sweep)
		check_set(finding, CHECK_WARNING,
			"%s: with mount=host add the line 'required %s'",
			lines->first, SWEEP);
	else
		check_set(finding, CHECK_OK, "%s", lines->first);
}

void check_read_configuration(struct check_context *context)
{
	struct lines lines = { .count = 0 };
	char path[4096];

	if (find_plugstack(path, sizeof(path))) {
		plugstack_file_visit(path, note_line, &lines);
		parse_arguments(context, lines.arguments);
		judge_lines(&lines, context, path, &context->plugstack);
	} else {
		parse_arguments(context, NULL);
		check_set(&context->plugstack, CHECK_FAILURE,
			"there is no slurm.conf that can be read here: set "
			"SLURM_CONF");
	}
	free(lines.arguments);
}

void check_plugstack(const struct check_context *context,
	struct check_finding *finding)
{
	*finding = context->plugstack;
}
