/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_CONDITION_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_CONDITION_H

#include "spank/plugin/environment/sh/word.h"

/*
 * Take a condition, with its end, and evaluate it: `[`, `test` or `[[` with -n,
 * -z, =, ==, != or a test of a file, whose path is looked up.  `value` is room
 * for words.  Returns false if it is another one, or one that shells may see in
 * different ways; the text is then anywhere.
 */
bool environment_condition_evaluate(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool *ret_is_true);

#endif
