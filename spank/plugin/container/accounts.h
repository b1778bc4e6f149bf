/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_ACCOUNTS_H
#define SPANK_PLUGIN_CONTAINER_ACCOUNTS_H

#include "common/error.h"
#include "spank/plugin/container/node_conf.h"
#include "spank/plugin/io/report.h"

/*
 * The user's entries from the node's name services, in the format of passwd(5)
 * and group(5).  They go before the image's own entries: the first match wins.
 */
struct accounts {
	char *passwd; /* owned; lines of the user and of SlurmUser */
	char *group;  /* owned; a line for each group that has a name */
	char *home;   /* owned; NULL if the user has no entry */
	int failure;  /* errno of the first look-up that failed, or 0 */
};

/*
 * Look up the ids of the calling process, which must already have the user's
 * ids, because this runs the host's name service modules.  A user or group
 * without an entry is not a failure; a failed look-up adds a note to the
 * report.  The user's line has `home` as home directory, or the node's if
 * `home` is NULL; ret_accounts->home is always the node's.  SlurmUser comes
 * from `conf`.  The caller calls accounts_free().
 */
int accounts_load(const char *home, const struct node_conf *conf,
	struct accounts *ret_accounts, struct report *report,
	struct error *err);

/* Free what accounts_load() has stored. */
void accounts_free(struct accounts *accounts);

/*
 * Create the file `name` in the directory `directory_fd`, with `first` and then
 * the content of the image's file `path`, if that is a readable regular file,
 * or of the node's file if the image has none.
 */
int accounts_write(int directory_fd, const char *name, const char *first,
	int root_fd, const char *path, struct error *err);

#endif
