/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What slurmstepd knows of its node, beyond what SPANK's functions tell: parts
 * of slurm.conf, and where the plugin itself lies.
 *
 * slurmstepd's copy of slurm.conf has a type of Slurm's public header, and the
 * plugin is only loaded by the release that it was built for.  The symbol is
 * weak: without it a TaskProlog, for one, has to lie where the container shows
 * it.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <slurm/slurm.h>

#include "common/envp.h"
#include "spank/plugin/site.h"

#define PMIX_NAMESPACE_PREFIX "slurm.pmix."

extern slurm_conf_t slurm_conf __attribute__((weak));

/* srun's plugstack.conf is the node's, so in an image it has to find this. */
static void find_plugin(char *ret_path)
{
	Dl_info info;

	if (dladdr(&find_plugin, &info) && info.dli_fname &&
		info.dli_fname[0] == '/' && strlen(info.dli_fname) < PATH_MAX)
		strcpy(ret_path, info.dli_fname);
}

/* %n and %h, as slurm.conf(5) has them in the names of directories. */
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

/*
 * Where PMIx of the tasks keeps its files, by a rule of mpi/pmix: no variable
 * says it.  Open MPI does not start without.
 */
static void find_pmix(char *const *job, char *ret_path)
{
	const char *space = envp_get(job, "PMIX_NAMESPACE");
	const char *base = envp_get(job, "SLURM_PMIX_TMPDIR");
	char expanded[PATH_MAX] = "";

	if (!space || strncmp(space, PMIX_NAMESPACE_PREFIX,
			      strlen(PMIX_NAMESPACE_PREFIX)) != 0)
		return;
	if (!base && &slurm_conf && slurm_conf.tmp_fs) {
		expand_names(slurm_conf.tmp_fs, job, expanded);
		base = expanded;
	}
	if (!base || snprintf(ret_path, PATH_MAX, "%s/spmix_appdir_%u_%s", base,
			     (unsigned int)getuid(),
			     space + strlen(PMIX_NAMESPACE_PREFIX)) >= PATH_MAX)
		ret_path[0] = '\0';
}

void site_load(char *const *job, struct site *ret_site)
{
	*ret_site = (struct site){ .prolog = NULL };
	if (&slurm_conf) {
		ret_site->prolog = slurm_conf.task_prolog;
		ret_site->slurm_user = slurm_conf.slurm_user_name;
		ret_site->slurm_uid = slurm_conf.slurm_user_id;
	}
	find_plugin(ret_site->plugin);
	find_pmix(job, ret_site->pmix);
}
