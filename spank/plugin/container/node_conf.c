/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What slurmstepd knows about its node beyond SPANK's functions: parts of
 * slurm.conf, and the path of the plugin itself.
 *
 * slurmstepd's copy of slurm.conf has a type of Slurm's public header, and a
 * plugin is only loaded by the release that it was built for.  The symbol is
 * weak: without it a TaskProlog, for example, must be in a directory that the
 * container shows anyway.
 */
#include <dlfcn.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "spank/plugin/container/node_conf.h"
#include "spank/plugin/settings/envp.h"

#define PMIX_NAMESPACE_PREFIX "slurm.pmix."

extern slurm_conf_t slurm_conf __attribute__((weak));

/* An srun inside the container reads the node's plugstack.conf, so it has to
 * find the plugin there. */
static void find_plugin(char *ret_path)
{
	Dl_info info;

	if (dladdr(&find_plugin, &info) && info.dli_fname &&
		info.dli_fname[0] == '/' && strlen(info.dli_fname) < PATH_MAX)
		strcpy(ret_path, info.dli_fname);
}

/* Replace %n and %h, which slurm.conf(5) allows in names of directories. */
static void expand_names(const char *pattern, char *const *job, char *ret_path)
{
	const char *node = envp_get(job, "SLURMD_NODENAME");
	char host[HOST_NAME_MAX + 1] = "";
	size_t used = 0;

	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	for (; *pattern && used < PATH_MAX; pattern++) {
		if (pattern[0] == '%' &&
			(pattern[1] == 'n' || pattern[1] == 'h'))
			used += snprintf(ret_path + used, PATH_MAX - used, "%s",
				*++pattern == 'n' && node ? node : host);
		else
			ret_path[used++] = *pattern;
	}
	ret_path[used < PATH_MAX ? used : 0] = '\0';
}

/* TmpFS of this node, "" if unknown. */
static void find_tmp(char *const *job, char *ret_path)
{
	ret_path[0] = '\0';
	if (&slurm_conf && slurm_conf.tmp_fs)
		expand_names(slurm_conf.tmp_fs, job, ret_path);
}

/* Copy without trailing slashes, which would follow a symlink; "" if the path
 * is not absolute. */
static void copy_path(const char *path, char *ret_path)
{
	size_t length = path && path[0] == '/' ? strlen(path) : 0;

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (snprintf(ret_path, PATH_MAX, "%.*s", (int)length,
		    length ? path : "") >= PATH_MAX)
		ret_path[0] = '\0';
}

/*
 * slurmd tells its steps where its slurm.conf is.  getenv() reads slurmstepd's
 * own environment, which the user cannot change.
 */
static void find_conf(char *ret_directory)
{
	const char *path = getenv("SLURM_CONF");
	char copy[PATH_MAX];

	if (!path && &slurm_conf)
		path = slurm_conf.slurm_conf;
	copy_path(path, copy);
	copy_path(copy[0] ? dirname(copy) : NULL, ret_directory);
}

/*
 * Where PMIx keeps its files.  slurmstepd's own environment tells whether its
 * server runs, and where.  No variable has the directory of the tasks, which
 * Open MPI needs to start; mpi/pmix builds its name by a fixed rule.
 */
static void find_pmix(char *const *job, struct node_conf *conf)
{
	const char *server = getenv("PMIX_SERVER_TMPDIR");
	const char *space = envp_get(job, "PMIX_NAMESPACE");
	const char *base = envp_get(job, "SLURM_PMIX_TMPDIR");
	size_t prefix = strlen(PMIX_NAMESPACE_PREFIX);
	char expanded[PATH_MAX];

	if (!server || !space ||
		strncmp(space, PMIX_NAMESPACE_PREFIX, prefix) != 0 ||
		space[prefix + strspn(space + prefix, "0123456789.")])
		return;
	copy_path(server, conf->pmix_server);
	conf->pmix_chosen_by_user = base;
	find_tmp(job, expanded);
	if (snprintf(conf->pmix, PATH_MAX, "%s/spmix_appdir_%u_%s",
		    base ? base : expanded, (unsigned int)getuid(),
		    space + prefix) >= PATH_MAX)
		conf->pmix[0] = '\0';
}

void node_conf_load(char *const *job, struct node_conf *ret_conf)
{
	*ret_conf = (struct node_conf){ .prolog = NULL };
	if (&slurm_conf) {
		ret_conf->prolog = slurm_conf.task_prolog;
		ret_conf->slurm_user = slurm_conf.slurm_user_name;
		ret_conf->slurm_uid = slurm_conf.slurm_user_id;
	}
	find_plugin(ret_conf->plugin);
	find_conf(ret_conf->conf_directory);
	find_pmix(job, ret_conf);
}

/* Is it an entry of the directory, with a name that begins with `begin`? */
static bool is_made_in(const char *path, const char *directory,
	const char *begin)
{
	size_t length = strlen(directory);

	return length > 0 && strncmp(path, directory, length) == 0 &&
	       path[length] == '/' && !strchr(path + length + 1, '/') &&
	       strncmp(path + length + 1, begin, strlen(begin)) == 0;
}

bool node_conf_is_xauthority(const char *path, char *const *job,
	const char *home)
{
	char directory[PATH_MAX], tmp[PATH_MAX];

	find_tmp(job, tmp);
	copy_path(tmp, directory);
	if (is_made_in(path, directory, ".Xauthority-"))
		return true;
	/* X11Parameters=home_xauthority */
	copy_path(home, directory);
	return is_made_in(path, directory, ".Xauthority");
}
