/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads plugstack.conf as Slurm does: '#' begins a comment, white space
 * separates words, and `include` takes patterns of names, relative ones below
 * the folder of the file.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/plugstack_file.h"

/* An include of itself would have no end. */
#define DEPTH_MAX 8
#define BLANKS    " \t\n"

/* Slurm's buffer for a line. */
#define LINE_SIZE PATH_MAX

struct walk {
	plugstack_visit_line *visit;
	void *arg;
	bool has_unreadable;
};

static void visit_file(struct walk *walk, const char *path, int depth);

void plugstack_file_resolve(const char *name, const char *from, char *ret_path,
	size_t size)
{
	const char *slash = strrchr(from, '/');

	snprintf(ret_path, size, "%.*s%s",
		name[0] == '/' || !slash ? 0 : (int)(slash + 1 - from), from,
		name);
}

static void visit_included(struct walk *walk, const char *pattern,
	const char *from, int depth)
{
	char full[PATH_MAX];
	glob_t found = { 0 };
	size_t i;

	plugstack_file_resolve(pattern, from, full, sizeof(full));
	if (glob(full, 0, NULL, &found) == 0)
		for (i = 0; i < found.gl_pathc; i++)
			visit_file(walk, found.gl_pathv[i], depth + 1);
	globfree(&found);
}

static void visit_line(struct walk *walk, char *text, const char *path,
	int number, int depth)
{
	struct plugstack_line line = { .path = path, .number = number };
	char *rest = NULL;
	const char *second;

	line.is_cut =
		strlen(text) == LINE_SIZE - 1 && text[LINE_SIZE - 2] != '\n';
	text[strcspn(text, "#")] = '\0';
	line.kind = strtok_r(text, BLANKS, &rest);
	second = line.kind ? strtok_r(NULL, BLANKS, &rest) : NULL;
	if (!second)
		return;
	if (strcmp(line.kind, "include") == 0) {
		visit_included(walk, second, path, depth);
		return;
	}
	line.file = second;
	line.object = strrchr(second, '/') ? strrchr(second, '/') + 1 : second;
	line.arguments = rest;
	walk->visit(&line, walk->arg);
}

static void visit_file(struct walk *walk, const char *path, int depth)
{
	char text[LINE_SIZE];
	FILE *file = depth < DEPTH_MAX ? fopen(path, "re") : NULL;
	int number;

	if (!file) {
		walk->has_unreadable |= depth < DEPTH_MAX && errno != ENOENT;
		return;
	}
	for (number = 1; fgets(text, sizeof(text), file); number++)
		visit_line(walk, text, path, number, depth);
	fclose(file);
}

bool plugstack_file_visit(const char *path, plugstack_visit_line *visit,
	void *arg)
{
	struct walk walk = { .visit = visit, .arg = arg };

	visit_file(&walk, path, 0);
	return !walk.has_unreadable;
}
