/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_ENVIRONMENT_DIALECT_H
#define COMMON_ENVIRONMENT_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/environment_construct.h"

/*
 * Find the first construct of one of `kinds` in a script.  Looks at words and
 * quotes, and knows no grammar: good for a hint, not for a decision.
 */
bool environment_dialect_find(const char *text, size_t length, unsigned kinds,
	struct environment_dialect *ret_dialect);

#endif
