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

struct places {
	char text[2048];
	size_t used;
};

static void add_place(const struct plugstack_line *line, void *arg)
{
	struct places *places = arg;
	int length;

	if (strcmp(line->object, OBJECT) != 0)
		return;
	length = snprintf(places->text + places->used,
		sizeof(places->text) - places->used, "%s'%s', line %d",
		places->used ? " and " : "", line->path, line->number);
	if (length < (int)(sizeof(places->text) - places->used))
		places->used += length;
	else
		places->text[places->used] = '\0';
}

int plugstack_hint(struct error *err)
{
	struct places places = { .used = 0 };

	if (&slurm_conf && slurm_conf.plugstack)
		plugstack_file_visit(slurm_conf.plugstack, add_place, &places);
	if (!places.used)
		return -1;
	return error_hint(err, places.text);
}
