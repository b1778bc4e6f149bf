#!/bin/sh
# A job array, each task with its own input: sbatch array.sh
#
# Array tasks on one node have a mount each; the pages of the image file are
# read from storage once.
#SBATCH --job-name=array
#SBATCH --array=1-3
#SBATCH --ntasks=1
#SBATCH --time=00:10:00
#SBATCH --output=array-%a.out
#SBATCH --sif-image=app.sif

srun sh -c 'echo "item $SLURM_ARRAY_TASK_ID"'
