/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SYNTAX_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SYNTAX_H

#include "spank/plugin/environment/sh/text.h"

/* How deep conditions can be nested. */
#define ENVIRONMENT_SYNTAX_DEPTH_MAX 8

/*
 * Skip a command that is not executed, including its end: a simple command, or
 * an `if` inside `depth` others.  Returns false unless every shell sees the
 * same end; the position in the text is then undefined.
 */
bool environment_syntax_skip_command(struct environment_text *text, int depth);

/* Does the next word end a list of commands: then, elif, else, fi? */
bool environment_syntax_is_closing(struct environment_text text);

#endif
