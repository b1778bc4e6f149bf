#!/bin/sh
# Open MPI with the PMIx of the image: sbatch pmix.sh PROGRAM [ARGUMENT...]
#
# The image's PMIx library talks to the one in slurmstepd: releases 2 to 5 of
# PMIx understand each other.  The directories they use are in the container.
#SBATCH --job-name=pmix
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif

srun --mpi=pmix "$@"
