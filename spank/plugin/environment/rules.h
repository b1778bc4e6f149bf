/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_RULES_H
#define SPANK_PLUGIN_ENVIRONMENT_RULES_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/environment/search_paths.h"
#include "spank/plugin/environment/variables/environment.h"

/* All arrays are NULL-terminated, may be NULL, and are borrowed. */
struct environment_request {
	char *const *job;            /* the task's environment: NAME=VALUE */
	bool clean;                  /* --sif-cleanenv=yes */
	char *const *options;        /* --sif-env: NAME=VALUE, or NAME */
	char *const *container_vars; /* SIF_IMAGE=... and others: NAME=VALUE */
	/* Receives the script of the image that set each variable; or NULL. */
	struct environment *setters;
};

/*
 * Append to `path` those directories of ENVIRONMENT_DEFAULT_PATH that it lacks.
 * The caller frees the result; NULL if out of memory.
 */
char *environment_rules_complete_path(const char *path);

/* The environment in which the image's scripts start.  The caller frees it. */
int environment_rules_initial(const struct environment_request *request,
	struct environment *ret_initial, struct error *err);

/*
 * The changes to make in the job's environment, with the source of each.
 * `initial` is from environment_rules_initial(), and `image` what the image's
 * scripts made of it; both may be the same.  The caller frees the list.  Fails
 * for an invalid item of --sif-env.
 */
int environment_rules_edits(const struct environment_request *request,
	const struct environment *initial, const struct environment *image,
	struct environment *ret_edits, struct error *err);

#endif
