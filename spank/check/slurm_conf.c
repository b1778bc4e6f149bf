/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * slurm.conf, as far as it says where plugins and their configuration are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/plugstack_file.h"
#include "spank/check/check.h"

#define BLANKS " \t\r\n"

/* An include of itself would have no end. */
#define DEPTH_MAX 8

/* Where slurm.conf may be: the first if Slurm was configured without
 * --sysconfdir, the last two on configless nodes. */
static const char *const slurm_confs[] = { SLURM_PREFIX "/etc/slurm.conf",
	SLURM_PREFIX "/etc/slurm/slurm.conf", "/etc/slurm/slurm.conf",
	"/run/slurm/conf/slurm.conf",
	"/var/spool/slurmd/conf-cache/slurm.conf" };

/* If `line` is KEY=VALUE or KEY VALUE, in any case and with blanks around: the
 * value, without quotes and cut off at its end.  NULL: it is something else. */
static char *value_of(char *line, const char *key)
{
	line += strspn(line, BLANKS);
	if (strncasecmp(line, key, strlen(key)) != 0)
		return NULL;
	line += strlen(key);
	if (!strchr(BLANKS "=", *line) || !*line)
		return NULL;
	line += strspn(line, BLANKS "=\"");
	line[strcspn(line, BLANKS "#\"")] = '\0';
	return line;
}

static void read_file(const char *path, int depth,
	struct check_slurm_conf *conf);

static void read_line(char *line, const char *path, int depth,
	struct check_slurm_conf *conf)
{
	char included[sizeof(conf->plugstack)];
	const char *value;

	if ((value = value_of(line, "PlugStackConfig"))) {
		plugstack_file_resolve(value, path, conf->plugstack,
			sizeof(conf->plugstack));
	} else if ((value = value_of(line, "PluginDir"))) {
		snprintf(conf->plugin_dir, sizeof(conf->plugin_dir), "%s",
			value);
	} else if ((value = value_of(line, "JobContainerType")) ||
		   (value = value_of(line, "NamespaceType"))) {
		conf->has_job_mounts = strstr(value, "/tmpfs");
	} else if ((value = value_of(line, "Include"))) {
		plugstack_file_resolve(value, path, included, sizeof(included));
		read_file(included, depth + 1, conf);
	}
}

static void read_file(const char *path, int depth,
	struct check_slurm_conf *conf)
{
	CLEANUP_FREE char *line = NULL;
	FILE *file = depth < DEPTH_MAX ? fopen(path, "re") : NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0)
		read_line(line, path, depth, conf);
	if (file)
		fclose(file);
}

bool check_read_slurm_conf(struct check_slurm_conf *ret_conf)
{
	const char *path = getenv("SLURM_CONF");
	size_t i;

	for (i = 0; !path && i < sizeof(slurm_confs) / sizeof(*slurm_confs);
		i++)
		if (access(slurm_confs[i], R_OK) == 0)
			path = slurm_confs[i];
	if (!path || access(path, R_OK) < 0)
		return false;
	plugstack_file_resolve("plugstack.conf", path, ret_conf->plugstack,
		sizeof(ret_conf->plugstack));
	snprintf(ret_conf->plugin_dir, sizeof(ret_conf->plugin_dir), "%s",
		PLUGIN_DIR);
	ret_conf->has_job_mounts = false;
	read_file(path, 0, ret_conf);
	return true;
}
