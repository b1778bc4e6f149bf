#!/bin/sh
# A heterogeneous job, each component in its own image: sbatch heterogeneous.sh
#
# One srun for both components would give them one image, as Slurm hands one
# value to all: each has an srun of its own.
#SBATCH --job-name=heterogeneous
#SBATCH --ntasks=1 --time=00:10:00
#SBATCH hetjob
#SBATCH --ntasks=2

srun --het-group=0 --sif-image=app.sif sh -c 'echo "server"' &
srun --het-group=1 --sif-image=other.sif sh -c 'echo "worker $SLURM_PROCID"' &
wait
