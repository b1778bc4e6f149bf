/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_ACCOUNTS_H
#define SPANK_PLUGIN_CONTAINER_ACCOUNTS_H

#include "common/error.h"
#include "spank/plugin/container/node_conf.h"
#include "spank/plugin/io/report.h"

/*
 * The user as the node's name services know him, in the form of passwd(5) and
 * group(5), to be put before the image's own entries: the first match wins.
 */
struct accounts {
	char *passwd; /* owned; the user's line, and then Slurm's user's */
	char *group;  /* owned; a line per group that has a name */
	char *home;   /* owned; NULL if the user has no entry */
	int failure;  /* errno of the first look-up that failed, or 0 */
};

/*
 * Look up the ids of the calling process, which must be the user's already:
 * name service modules of the host run here, never as root.  A user or group
 * without an entry is no failure; one that cannot be looked up is noted.  The
 * user's line has `home` as the home directory, unless that is NULL;
 * ret_accounts->home is the node's.  It takes SlurmUser from `conf`.
 */
int accounts_load(const char *home, const struct node_conf *conf,
	struct accounts *ret_accounts, struct report *report,
	struct error *err);

/* Free what accounts_load() has stored. */
void accounts_free(struct accounts *accounts);

/*
 * In the directory `directory_fd` make the file `name`: `first`, and then the
 * file `path` of the image, as far as it is a regular file in reach; the node's
 * if the image has no such name.
 */
int accounts_write(int directory_fd, const char *name, const char *first,
	int root_fd, const char *path, struct error *err);

#endif
