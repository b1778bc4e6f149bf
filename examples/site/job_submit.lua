-- job_submit.lua, with JobSubmitPlugins=lua in slurm.conf: batch jobs with an image go to nodes with spank-sif.
--
-- In slurm.conf such nodes have Features=sif.  sbatch hands the image over in
-- the job's environment; of srun and salloc slurmctld does not learn it, for
-- them use the prolog.

-- The option, and the variables that users may set instead.
local NAMES = {
	"SLURM_SPANK__SLURM_SPANK_OPTION_spank_sif_sif_image",
	"SPANK_SIF_IMAGE",
	"SLURM_SIF_IMAGE",
}

local function has_image(environment)
	for _, name in ipairs(NAMES) do
		local image = environment and environment[name]
		if image and image ~= "" then
			return image ~= "none"
		end
	end
	return false
end

function slurm_job_submit(job, partition, uid)
	if has_image(job.environment) then
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
