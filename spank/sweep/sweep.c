/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank_sif_sweep: at the end of each job, removes what a step of mount=host
 * may have left that was killed together with its slurmstepd.
 *
 * A plugin of its own since a SPANK plugin that has this hook gives every job
 * of the node an epilog: a process more, and a node that is drained if somebody
 * kills that.  Sites with mount=private, which leaves nothing, go without.
 */
#include <slurm/spank.h>

#include "common/privileged/host_mountpoint.h"

SPANK_PLUGIN(spank_sif_sweep, 1)

int slurm_spank_job_epilog(spank_t spank, int argc, char *argv[])
{
	(void)spank;
	(void)argc;
	(void)argv;
	/* Safe: see privileged/host_mountpoint.h; it never fails, so that no
	 * node is drained for it. */
	priv_host_mountpoint_sweep();
	return 0;
}
