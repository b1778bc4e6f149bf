/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_IMAGE_DIALECT_H
#define SPANK_PLUGIN_ENVIRONMENT_IMAGE_DIALECT_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/environment/scripts.h"

/*
 * Find the first construct in the scripts that `shell`, which has run them,
 * reads differently from Apptainer, and describe it in *ret_hint.
 * `has_spoken`: the shell has printed messages, or failed.  If there is none,
 * *ret_hint is not changed.
 */
void image_dialect_explain(const struct image_scripts *scripts,
	const char *shell, bool has_spoken, struct error *ret_hint);

#endif
