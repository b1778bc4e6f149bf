/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where plugstack.conf names the plugin: Slurm gives the plugin the words of
 * its line but not the place, and there may be several files.  And whether
 * slurm.conf goes with these words.
 */
#include <stdio.h>
#include <string.h>

#include <slurm/slurm.h>

#include "common/plugstack_file.h"
#include "spank/plugin/plugstack.h"

#define OBJECT "spank_sif.so"

/* Slurm 25.11 has given it another name. */
#ifdef HAVE_SLURM_CONF_T_NAMESPACE_PLUGIN
#define JOB_MOUNTS namespace_plugin
#else
#define JOB_MOUNTS job_container_plugin
#endif

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

int plugstack_check_slurm(const struct plugstack_args *args, struct error *err)
{
	if (!args->userns || !plugstack_args_mount_on_host(args) ||
		!&slurm_conf || !slurm_conf.JOB_MOUNTS ||
		!strstr(slurm_conf.JOB_MOUNTS, "/tmpfs"))
		return 0;
	return error_set(err, 0,
		"mount=host and privilege=userns in plugstack.conf do not work "
		"together in jobs with a mount namespace (%s in slurm.conf), "
		"unless job_container.conf has Shared=true: such steps are "
		"refused",
		slurm_conf.JOB_MOUNTS);
}
