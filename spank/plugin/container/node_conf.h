/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_NODE_CONF_H
#define SPANK_PLUGIN_CONTAINER_NODE_CONF_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * What a step must be able to reach of this node's Slurm.  Strings are borrowed
 * from slurmstepd.
 */
struct node_conf {
	const char *prolog;     /* TaskProlog; NULL if there is none */
	const char *slurm_user; /* SlurmUser's name; NULL from Slurm 23.02 on */
	uid_t slurm_uid;        /* SlurmUser's; 0 if unknown */
	char plugin[PATH_MAX];  /* this plugin's own file; "" if unknown */
	char conf_directory[PATH_MAX]; /* of slurm.conf; "" if unknown */
	/* The directories of PMIx's server and of its tasks; "" if none. */
	char pmix_server[PATH_MAX];
	char pmix[PATH_MAX];
	bool pmix_chosen_by_user; /* by SLURM_PMIX_TMPDIR */
};

/* Called in slurmstepd, or in a task before execve.  `job` is the task's
 * environment. */
void node_conf_load(char *const *job, struct node_conf *ret_conf);

/*
 * Is this an X11 authority file that Slurm creates for a step (--x11)?  The
 * user may have set XAUTHORITY to any other file.  `home` is the home directory
 * of the user's entry, or NULL.
 */
bool node_conf_is_xauthority(const char *path, char *const *job,
	const char *home);

#endif
