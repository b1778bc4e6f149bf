/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SITE_H
#define SPANK_PLUGIN_SITE_H

#include <limits.h>
#include <sys/types.h>

/*
 * What of this node's Slurm has to be within reach of a step.  Strings are
 * borrowed from slurmstepd.
 */
struct site {
	const char *prolog;     /* TaskProlog; NULL if there is none */
	const char *slurm_user; /* SlurmUser's name; NULL from Slurm 23.02 on */
	uid_t slurm_uid;        /* SlurmUser's; 0 if unknown */
	char plugin[PATH_MAX];  /* this plugin's own file; "" if unknown */
	char pmix[PATH_MAX];    /* the step's directory of PMIx; or "" */
};

/* In slurmstepd or a task of it, whose environment is `job`. */
void site_load(char *const *job, struct site *ret_site);

#endif
