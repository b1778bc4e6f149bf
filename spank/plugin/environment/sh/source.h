/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_SOURCE_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_SOURCE_H

#include "spank/plugin/environment/sh/state.h"

/*
 * Read a file that a script sources.  Returns 1; 0 if it cannot be read here:
 * its path is relative, or it is missing, too large, or nested too deeply; -1
 * on failure.
 */
int environment_source_read(struct environment_reader *reader, const char *path,
	struct error *err);

#endif
