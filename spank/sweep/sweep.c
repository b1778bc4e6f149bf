/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spank_sif_sweep: at the end of each job, removes the mount points of steps
 * with mount=host that were killed together with their slurmstepd.
 *
 * It is a separate plugin because the first hook gives every job of the node an
 * epilog, that is, one more process, and Slurm drains the node if somebody
 * kills it.  Sites with mount=private do not need it.
 *
 * With PrologFlags=RunInJob Slurm (seen with 24.11) does not call that hook.
 * Such jobs have an external step, whose end is the job's.
 */
#include <slurm/slurm.h>
#include <slurm/spank.h>

#include "common/privileged/host_mountpoint.h"

SPANK_PLUGIN(spank_sif_sweep, 1)

int slurm_spank_job_epilog(spank_t spank, int argc, char *argv[])
{
	(void)spank;
	(void)argc;
	(void)argv;
	/* Safe: see privileged/host_mountpoint.h.  It never fails, so it cannot
	 * drain the node. */
	priv_host_mountpoint_sweep();
	return 0;
}

int slurm_spank_exit(spank_t spank, int argc, char *argv[])
{
	uint32_t step;

	(void)argc;
	(void)argv;
	/* Safe: as above.  Only in slurmstepd, as root. */
	if (spank_remote(spank) == 1 &&
		spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS &&
		step == SLURM_EXTERN_CONT)
		priv_host_mountpoint_sweep();
	return 0;
}
