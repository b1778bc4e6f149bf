-- job_submit.lua, with JobSubmitPlugins=lua in slurm.conf: batch jobs with an image go to nodes with spank-sif.
--
-- In slurm.conf such nodes have Features=sif.  sbatch hands the option over in
-- the job's environment; of srun and salloc slurmctld does not learn it, for
-- them use the prolog.

local OPTION = "SLURM_SPANK__SLURM_SPANK_OPTION_spank_sif_sif_image"

function slurm_job_submit(job, partition, uid)
	if job.environment and job.environment[OPTION] then
		if not job.features or job.features == "" then
			job.features = "sif"
		else
			job.features = "(" .. job.features .. ")&sif"
		end
	end
	return slurm.SUCCESS
end

function slurm_job_modify(job, record, partition, uid)
	return slurm.SUCCESS
end
