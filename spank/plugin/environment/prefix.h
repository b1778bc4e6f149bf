/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_PREFIX_H
#define SPANK_PLUGIN_ENVIRONMENT_PREFIX_H

#include "common/error.h"
#include "spank/plugin/environment/variables/environment.h"

/*
 * Apply SINGULARITYENV_NAME and then APPTAINERENV_NAME of the job to `result`.
 * $NAME in a value refers to `image`, which has what the image's scripts have
 * exported.
 */
int environment_prefix_apply(const struct environment *job,
	const struct environment *image, struct environment *result,
	struct error *err);

#endif
