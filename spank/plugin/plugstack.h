/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_PLUGSTACK_H
#define SPANK_PLUGIN_PLUGSTACK_H

#include "common/error.h"

/*
 * Add to a sentence about the plugin's line in plugstack.conf in which files
 * and lines that is; nothing where the file cannot be found or read.  Opens the
 * administrator's files, with the rights of the caller.  Returns -1 always.
 */
int plugstack_hint(struct error *err);

#endif
