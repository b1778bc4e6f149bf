/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_STATEMENT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_STATEMENT_H

#include "spank/plugin/environment/sh/word.h"

/*
 * Execute an assignment, export, declare -x, unset, return, exit, "." or
 * source, and skip to the end of the command.  `value` is a buffer for words.
 * Returns 1; 0 if it is another command, the position in the text is then
 * undefined; -1 on failure.
 */
int environment_statement_execute(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err);

#endif
