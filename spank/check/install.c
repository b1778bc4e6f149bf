/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is installed, and how Slurm is told about it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "common/plugstack_file.h"
#include "spank/check/check.h"

#define PLUGIN "spank_sif.so"
#define SWEEP  "spank_sif_sweep.so"

/* Where Slurm's configuration may be; the second with configless nodes. */
static const char *const slurm_confs[] = { "/etc/slurm/slurm.conf",
	"/run/slurm/conf/slurm.conf",
	"/var/spool/slurmd/conf-cache/slurm.conf" };

/* Programs that users must not be able to read, since they could trace them. */
static const struct {
	const char *name;
	mode_t mode;
} programs[] = {
	{ "spank-sif-server", 0711 }, { "spank-sif-keeper", 0711 },
	{ "spank-sif-userns", 0755 }, { "spank-sif-inspect", 0755 },
	{ "spank-sif-gpus", 0755 },
	{ "spank-sif-server-squashfuse", 0711 }, /* with that reader only */
};

/* What is wrong with a file that root's processes load or start; NULL: nothing.
 */
static const char *wrong_with(const char *path, mode_t mode)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (status.st_uid != 0)
		return "it does not belong to root";
	if (status.st_mode & 022)
		return "others than root may write to it";
	if (mode && (status.st_mode & 0777) != mode)
		return mode == 0711 ? "it must have the mode 0711"
				    : "it must have the mode 0755";
	return NULL;
}

void check_plugin(const struct check_context *context,
	struct check_finding *finding)
{
	const char *wrong = wrong_with(PLUGIN_PATH, 0);

	(void)context;
	if (wrong)
		check_set(finding, CHECK_FAILURE,
			"cannot use '%s': %s; install the package again",
			PLUGIN_PATH, wrong);
	else
		check_set(finding, CHECK_OK, "%s", PLUGIN_PATH);
}

void check_programs(const struct check_context *context,
	struct check_finding *finding)
{
	size_t count = sizeof(programs) / sizeof(*programs), i;

	if (!context->uses_squashfuse)
		count--;
	for (i = 0; i < count; i++) {
		char path[4096];
		const char *wrong;

		snprintf(path, sizeof(path), "%s/%s", PROGRAMS_PATH,
			programs[i].name);
		wrong = wrong_with(path, programs[i].mode);
		if (wrong) {
			check_set(finding, CHECK_FAILURE,
				"cannot use '%s': %s; install the package "
				"again",
				path, wrong);
			return;
		}
	}
	check_set(finding, CHECK_OK, "%zu in %s", i, PROGRAMS_PATH);
}

/* The first line that a command prints, without its end; false: none. */
static bool read_line_of(const char *command, char *line, size_t size)
{
	FILE *pipe = popen(command, "re");
	bool got = pipe && fgets(line, size, pipe);

	if (pipe)
		pclose(pipe);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

void check_release(const struct check_context *context,
	struct check_finding *finding)
{
	const int number = SLURM_VERSION_NUMBER;
	char built[16], running[128];

	(void)context;
	snprintf(built, sizeof(built), "%d.%02d", SLURM_VERSION_MAJOR(number),
		SLURM_VERSION_MINOR(number));
	if (!read_line_of("PATH=$PATH:/usr/sbin:/sbin; "
			  "{ slurmd -V || srun -V; } 2>/dev/null",
		    running, sizeof(running)))
		check_set(finding, CHECK_FAILURE,
			"neither slurmd nor srun can be run to ask for the "
			"release of Slurm: add their folder to PATH");
	else if (!strstr(running, built))
		check_set(finding, CHECK_FAILURE,
			"the plugin is built for Slurm %s, and this is '%s': "
			"install the package for that release",
			built, running);
	else
		check_set(finding, CHECK_OK, "%s", running);
}

struct lines {
	char first[4096]; /* file and line of the plugin */
	char after[4096]; /* the plugin that follows it */
	char arguments[4096];
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
		snprintf(lines->arguments, sizeof(lines->arguments), " %s",
			line->arguments);
		lines->is_required = strcmp(line->kind, "required") == 0;
	}
}

/* PlugStackConfig of slurm.conf, or the file beside it. */
static void find_plugstack(const char *slurm_conf, char *path, size_t size)
{
	CLEANUP_FREE char *line = NULL;
	FILE *file = fopen(slurm_conf, "re");
	size_t line_size = 0;
	const char *slash = strrchr(slurm_conf, '/');

	snprintf(path, size, "%.*splugstack.conf",
		(int)(slash + 1 - slurm_conf), slurm_conf);
	while (file && getline(&line, &line_size, file) > 0)
		if (strncasecmp(line, "PlugStackConfig=", 16) == 0)
			snprintf(path, size, "%.*s",
				(int)strcspn(line + 16, " \t\r\n#"), line + 16);
	if (file)
		fclose(file);
}

/* False if there is no slurm.conf. */
static bool read_lines(struct lines *lines, char *path, size_t size)
{
	const char *conf = getenv("SLURM_CONF");
	size_t i;

	memset(lines, 0, sizeof(*lines));
	for (i = 0; !conf && i < sizeof(slurm_confs) / sizeof(*slurm_confs);
		i++)
		if (access(slurm_confs[i], R_OK) == 0)
			conf = slurm_confs[i];
	if (!conf || !strchr(conf, '/'))
		return false;
	find_plugstack(conf, path, size);
	plugstack_file_visit(path, note_line, lines);
	return true;
}

static bool has_argument(const struct lines *lines, const char *name,
	const char *word)
{
	char padded[32];
	const char *found;

	snprintf(padded, sizeof(padded), " %s=", name);
	found = strstr(lines->arguments, padded);
	if (!found)
		return false;
	found += strlen(padded);
	return memmem(found, strcspn(found, " \t\r\n"), word, strlen(word));
}

void check_read_plugstack(struct check_context *context)
{
	struct lines lines;
	char path[4096];

	if (!read_lines(&lines, path, sizeof(path)))
		return;
	context->mounts_on_host = has_argument(&lines, "mount", "host");
	context->uses_squashfuse = has_argument(&lines, "reader", "squashfuse");
	context->uses_userns = has_argument(&lines, "privilege", "userns");
}

void check_plugstack(const struct check_context *context,
	struct check_finding *finding)
{
	struct lines lines;
	char path[4096];

	if (!read_lines(&lines, path, sizeof(path)))
		check_set(finding, CHECK_FAILURE,
			"there is no slurm.conf that can be read here: set "
			"SLURM_CONF");
	else if (lines.count == 0)
		check_set(finding, CHECK_FAILURE,
			"'%s' does not name %s, directly or by an include: "
			"commands run on the host, whatever --sif-image says",
			path, PLUGIN);
	else if (lines.count > 1)
		check_set(finding, CHECK_FAILURE,
			"%s is listed %u times, first in %s: leave one", PLUGIN,
			lines.count, lines.first);
	else if (!lines.is_required)
		check_set(finding, CHECK_FAILURE,
			"%s: say required, not optional: else a node that "
			"cannot load the plugin runs commands on the host",
			lines.first);
	else if (lines.after[0])
		check_set(finding, CHECK_WARNING,
			"%s: %s follows it, and runs inside the container: "
			"make this line the last",
			lines.first, lines.after);
	else if (context->mounts_on_host && !lines.has_sweep)
		check_set(finding, CHECK_WARNING,
			"%s: with mount=host add the line 'required %s'",
			lines.first, SWEEP);
	else
		check_set(finding, CHECK_OK, "%s", lines.first);
}

void check_fusermount(const struct check_context *context,
	struct check_finding *finding)
{
	struct stat status;

	if (!context->mounts_on_host)
		check_set(finding, CHECK_SKIPPED, "only mount=host needs it");
	else if (stat(FUSERMOUNT_PATH, &status) < 0)
		check_set(finding, CHECK_FAILURE,
			"cannot find '%s', which mount=host needs: %s; install "
			"the package fuse3",
			FUSERMOUNT_PATH, strerror(errno));
	else if (!(status.st_mode & S_ISUID))
		check_set(finding, CHECK_FAILURE,
			"'%s' is not setuid, and users cannot mount with it: "
			"chmod 4755",
			FUSERMOUNT_PATH);
	else
		check_set(finding, CHECK_OK, "%s", FUSERMOUNT_PATH);
}
