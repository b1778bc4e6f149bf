/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_PLUGSTACK_ARGS_H
#define SPANK_PLUGIN_SETTINGS_PLUGSTACK_ARGS_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/settings.h"

#define PLUGSTACK_TIMEOUT_DEFAULT_S 45
/* As long as srun itself waits for a launch. */
#define PLUGSTACK_TIMEOUT_MAX_S 600

#define PLUGSTACK_CACHE_DEFAULT_MIB 32
#define PLUGSTACK_CACHE_MAX_MIB     512
#define PLUGSTACK_THREADS_MAX       8
#define PLUGSTACK_BINDS_DEFAULT     128
#define PLUGSTACK_BINDS_MAX         4096

/* What the administrator writes after the plugin's name in plugstack.conf. */
struct plugstack_args {
	int timeout_s; /* timeout=SECONDS: the longest start of a container */
	int cache_mib; /* cache=MIB: what the image server keeps in memory */
	int threads;   /* threads=NUMBER: of the image server; 0: by the CPUs */
	char *path;    /* path=DIR[:DIR]: where images without '/' are; owned */
	int binds_max; /* binds-max=NUMBER: of a user, in one step */
	struct bind_list binds;      /* bind=...: for every container */
	struct settings defaults;    /* NAME=VALUE */
	bool denied[SETTINGS_COUNT]; /* deny=NAME[,NAME] */
	bool userns;                 /* privilege=userns, not root */
	bool users_choose_mount;     /* mount=MODE,MODE: users may choose */
	bool log_steps;              /* log=yes: a line for each step */
	bool use_uring;      /* uring=auto: FUSE over io_uring where possible */
	bool use_squashfuse; /* reader=squashfuse: libsquashfuse, not builtin */
	/* overlay-partition=use, unless one of these is set. */
	bool ignore_overlays, refuse_overlays;
	bool refuse_writable; /* overlay-writable=refuse, not read-only */
};

/*
 * Parse the words.  An argument without a word has its default; the last value
 * of a name wins, and lists add up.  Fails for unknown or malformed words, with
 * a sentence that names each and says what would be right; *ret_args then holds
 * the defaults.  To be freed by plugstack_args_free().
 */
int plugstack_args_parse(int argc, char *const argv[],
	struct plugstack_args *ret_args, struct error *err);

/*
 * Check a user's settings, without defaults, against what the administrator
 * denies (deny=), reserves (mount=) and limits (binds-max=).  -1 with a
 * sentence if they are refused.
 */
int plugstack_args_check_users(const struct plugstack_args *args,
	const struct settings *settings, struct error *err);

/* mount=host: alone, or as one of two words. */
bool plugstack_args_mount_on_host(const struct plugstack_args *args);

void plugstack_args_free(struct plugstack_args *args);

#endif
