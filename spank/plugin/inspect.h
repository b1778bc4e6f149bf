/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_INSPECT_H
#define SPANK_PLUGIN_INSPECT_H

#include "common/error.h"
#include "spank/plugin/io/report.h"
#include "spank/plugin/settings/plugstack_args.h"
#include "spank/plugin/settings/settings.h"

/*
 * Inspect the images of a submission, as its user.  Fails if an image is
 * visible from here but cannot be used, or not in the order of the layers.  An
 * image that is not visible may be on the nodes: sbatch and salloc, whose job
 * may wait for hours before anyone knows, note it in the report; srun does with
 * --sif-debug.
 */
int inspect_images(const struct settings *settings,
	const struct plugstack_args *args, bool is_srun, struct report *report,
	struct error *err);

#endif
