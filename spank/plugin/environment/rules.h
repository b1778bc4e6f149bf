/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_RULES_H
#define SPANK_PLUGIN_ENVIRONMENT_RULES_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/environment/search_paths.h"
#include "spank/plugin/environment/sh/environment.h"

/* All arrays end with NULL, may be NULL, and are borrowed. */
struct environment_request {
	char *const *job;            /* the task's environment: NAME=VALUE */
	bool clean;                  /* --sif-cleanenv=yes */
	char *const *options;        /* --sif-env: NAME=VALUE, or NAME */
	char *const *container_vars; /* SIF_IMAGE=... and others: NAME=VALUE */
	/* Where to note which script of the image has changed what; or NULL. */
	struct environment *setters;
};

/* Add what is missing of ENVIRONMENT_DEFAULT_PATH to `path`; the caller frees
 * the result.  NULL without memory. */
char *environment_rules_complete_path(const char *path);

/* What the image's scripts start from.  The caller frees it. */
int environment_rules_initial(const struct environment_request *request,
	struct environment *ret_start, struct error *err);

/*
 * What has to be changed in the job's environment, and in nothing else, with
 * the source of each change.  `image` is what the image's scripts made of
 * environment_rules_initial(), or that start itself.  The caller frees the
 * list. Fails for a wrong item of --sif-env.
 */
int environment_rules_edits(const struct environment_request *request,
	const struct environment *image, struct environment *ret_edits,
	struct error *err);

#endif
