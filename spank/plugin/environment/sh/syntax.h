/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SYNTAX_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SYNTAX_H

#include "spank/plugin/environment/sh/text.h"

/* As deep as conditions may stand in each other. */
#define ENVIRONMENT_SYNTAX_DEPTH_MAX 8

/*
 * Take a command that is not to be executed, with its end: a simple one, or an
 * `if` that stands in `depth` others.  False unless every shell is sure to see
 * the same end; the text is then anywhere.
 */
bool environment_syntax_skip_command(struct environment_text *text, int depth);

/* Is the next word one that ends a list of commands: then, elif, else, fi? */
bool environment_syntax_is_closing(struct environment_text text);

#endif
