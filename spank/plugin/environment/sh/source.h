/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SOURCE_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SOURCE_H

#include "spank/plugin/environment/sh/state.h"

/*
 * Read a file that a script sources.  Returns 1; 0 if it is none that can be
 * read here: its path is not absolute, it is missing, too large, or sourced by
 * too many others; -1 on failure.
 */
int environment_source_read(struct environment_reader *reader, const char *path,
	struct error *err);

#endif
