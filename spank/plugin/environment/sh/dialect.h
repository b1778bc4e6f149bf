/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_DIALECT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/environment/sh/construct.h"

/*
 * Find the first construct of one of `kinds` in a script.  Only looks at words
 * and quotes, without a grammar: good for a hint, not for a decision.
 */
bool environment_dialect_find(const char *text, size_t length, unsigned kinds,
	struct environment_dialect *ret_dialect);

#endif
