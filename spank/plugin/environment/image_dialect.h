/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_IMAGE_DIALECT_H
#define SPANK_PLUGIN_ENVIRONMENT_IMAGE_DIALECT_H

#include <stdbool.h>

#include "common/error.h"
#include "spank/plugin/environment/scripts.h"

/*
 * Put into *ret_hint what the shell that has run the scripts may have read
 * otherwise than Apptainer does: the first place, in a sentence.  `has_spoken`:
 * it has printed messages, or failed.  Leaves it alone if there is nothing.
 */
void image_dialect_explain(const struct image_scripts *scripts,
	const char *shell, bool has_spoken, struct error *ret_hint);

#endif
