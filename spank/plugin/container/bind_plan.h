/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_CONTAINER_BIND_PLAN_H
#define SPANK_PLUGIN_CONTAINER_BIND_PLAN_H

#include <stdint.h>

#include "spank/plugin/container/binds.h"
#include "spank/plugin/container/connection.h"
#include "spank/plugin/container/node_conf.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/* What the plan depends on; all borrowed. */
struct plan_request {
	const struct settings *settings; /* the user's and the defaults */
	const struct plugstack_args *args;
	char *const *job; /* the task's environment */
	uint32_t job_id;
	const char *home;      /* of the user's entry, or $HOME; or NULL */
	const char *directory; /* absolute working directory; "" if none */
	const char *script;    /* a batch script to be run inside; or NULL */
	const struct node_conf *node_conf;
	struct connection *connections; /* where the builder notes them */
	const char *host_path; /* mount=host: where the image is; or NULL */
	int host_namespace_fd; /* in this mount namespace; -1: this task's */
};

/*
 * List what the container shows of the host: the system, the user's
 * directories, files of Slurm and MPI, binds of the administrator, binds of the
 * user.  Paths are not resolved yet.  -1 if the user wants to replace or leave
 * out a fixed bind.
 */
int bind_plan_make(const struct plan_request *request, struct binds *binds,
	struct error *err);

#endif
