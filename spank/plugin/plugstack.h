/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_PLUGSTACK_H
#define SPANK_PLUGIN_PLUGSTACK_H

#include "common/error.h"
#include "spank/plugin/settings/plugstack_args.h"

/*
 * Add the files and lines in which plugstack.conf names the plugin to a
 * sentence about them; nothing if the file cannot be found or read.  Opens the
 * administrator's files with the rights of the caller.  Always returns -1.
 */
int plugstack_hint(struct error *err);

/*
 * In slurmd: -1 with a sentence if slurm.conf does not go with what the
 * arguments ask for, so that some steps are going to fail.
 */
int plugstack_check_slurm(const struct plugstack_args *args, struct error *err);

#endif
