/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_INSPECT_H
#define SPANK_PLUGIN_INSPECT_H

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * A look at the images of a submission, as its user: -1 with a sentence if one
 * can be seen from here and cannot be used.  One that cannot be seen may be on
 * the nodes: sbatch and salloc, whose job waits before anybody knows, note it
 * in the report; srun says so with --sif-debug.
 */
int inspect_images(const struct settings *settings,
	const struct plugstack_args *args, bool is_srun, struct report *report,
	struct error *err);

#endif
