/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_NODE_CONF_H
#define SPANK_PLUGIN_CONTAINER_NODE_CONF_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * What of this node's Slurm has to be within reach of a step.  Strings are
 * borrowed from slurmstepd.
 */
struct node_conf {
	const char *prolog;     /* TaskProlog; NULL if there is none */
	const char *slurm_user; /* SlurmUser's name; NULL from Slurm 23.02 on */
	uid_t slurm_uid;        /* SlurmUser's; 0 if unknown */
	char plugin[PATH_MAX];  /* this plugin's own file; "" if unknown */
	char conf_directory[PATH_MAX]; /* of slurm.conf; "" if unknown */
	/* Of PMIx, "" without: the directory of its server, and of tasks. */
	char pmix_server[PATH_MAX];
	char pmix[PATH_MAX];
	bool pmix_chosen_by_user; /* the latter is where the user wants it */
};

/* In slurmstepd or a task of it, whose environment is `job`. */
void node_conf_load(char *const *job, struct node_conf *ret_conf);

/*
 * Is this a file of X11 that Slurm makes for a step (--x11), and not any file
 * that XAUTHORITY, which may be the user's word, names?  `home` is that of the
 * user's entry, or NULL.
 */
bool node_conf_is_xauthority(const char *path, char *const *job,
	const char *home);

#endif
