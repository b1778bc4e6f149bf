/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where plugstack.conf names the plugin.  Slurm hands over the words of the
 * line but not where it stands, and there may be several files.  Lines are read
 * as Slurm reads them: '#' begins a comment, white space separates words, and
 * `include` takes patterns of names, relative ones below Slurm's directory.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <slurm/slurm.h>

#include "common/cleanup.h"
#include "spank/plugin/plugstack.h"

#define OBJECT "spank_sif.so"
/* An include of itself would have no end. */
#define DEPTH_MAX 8
#define BLANKS    " \t\r\n"

/* As in container/node_conf.c. */
extern slurm_conf_t slurm_conf __attribute__((weak));

struct places {
	char text[2048];
	size_t used;
};

static void scan_file(const char *path, int depth, struct places *places);

static void add_place(struct places *places, const char *path, int line)
{
	int length = snprintf(places->text + places->used,
		sizeof(places->text) - places->used, "%s'%s', line %d",
		places->used ? " and " : "", path, line);

	if (length < (int)(sizeof(places->text) - places->used))
		places->used += length;
	else
		places->text[places->used] = '\0';
}

static void scan_included(const char *pattern, const char *from, int depth,
	struct places *places)
{
	CLEANUP_FREE char *full = NULL;
	const char *slash = strrchr(from, '/');
	glob_t found = { 0 };
	size_t i;

	if (asprintf(&full, "%.*s%s",
		    pattern[0] == '/' || !slash ? 0 : (int)(slash + 1 - from),
		    from, pattern) < 0)
		return;
	if (glob(full, 0, NULL, &found) == 0)
		for (i = 0; i < found.gl_pathc; i++)
			scan_file(found.gl_pathv[i], depth + 1, places);
	globfree(&found);
}

static void scan_line(char *line, const char *path, int number, int depth,
	struct places *places)
{
	char *rest = NULL, *first, *second;
	const char *name;

	line[strcspn(line, "#")] = '\0';
	first = strtok_r(line, BLANKS, &rest);
	second = first ? strtok_r(NULL, BLANKS, &rest) : NULL;
	if (!second)
		return;
	if (strcmp(first, "include") == 0) {
		scan_included(second, path, depth, places);
		return;
	}
	name = strrchr(second, '/') ? strrchr(second, '/') + 1 : second;
	if (strcmp(name, OBJECT) == 0)
		add_place(places, path, number);
}

static void scan_file(const char *path, int depth, struct places *places)
{
	CLEANUP_FREE char *line = NULL;
	FILE *file = depth < DEPTH_MAX ? fopen(path, "re") : NULL;
	size_t size = 0;
	int number;

	if (!file)
		return;
	for (number = 1; getline(&line, &size, file) > 0; number++)
		scan_line(line, path, number, depth, places);
	fclose(file);
}

int plugstack_hint(struct error *err)
{
	struct places places = { .used = 0 };

	if (&slurm_conf && slurm_conf.plugstack)
		scan_file(slurm_conf.plugstack, 0, &places);
	if (!places.used)
		return -1;
	return error_hint(err, places.text);
}
