/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_CONDITION_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_CONDITION_H

#include "spank/plugin/environment/sh/word.h"

/*
 * Parse a condition, including the end of the command, and evaluate it: `[`,
 * `test` or `[[` with -n, -z, =, ==, != or a file test, which looks the path
 * up.  `value` is a buffer for words.  Returns false for any other condition,
 * and for one that shells may interpret differently; the position in the text
 * is then undefined.
 */
bool environment_condition_evaluate(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool *ret_is_true);

#endif
