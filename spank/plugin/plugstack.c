/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where plugstack.conf names the plugin.  Slurm gives the plugin the words of
 * its line but not the place, and there may be several files.
 */
#include <stdio.h>
#include <string.h>

#include <slurm/slurm.h>

#include "common/plugstack_file.h"
#include "spank/plugin/plugstack.h"

#define OBJECT "spank_sif.so"

/* Weak: see container/node_conf.c. */
extern slurm_conf_t slurm_conf __attribute__((weak));

struct line_list {
	char text[2048];
	size_t used;
};

static void add_line(const struct plugstack_line *line, void *arg)
{
	struct line_list *lines = arg;
	int length;

	if (strcmp(line->object, OBJECT) != 0)
		return;
	length = snprintf(lines->text + lines->used,
		sizeof(lines->text) - lines->used, "%s'%s', line %d",
		lines->used ? " and " : "", line->path, line->number);
	if (length < (int)(sizeof(lines->text) - lines->used))
		lines->used += length;
	else
		lines->text[lines->used] = '\0';
}

int plugstack_hint(struct error *err)
{
	struct line_list lines = { .used = 0 };

	if (&slurm_conf && slurm_conf.plugstack)
		plugstack_file_visit(slurm_conf.plugstack, add_line, &lines);
	if (!lines.used)
		return -1;
	return error_hint(err, lines.text);
}
