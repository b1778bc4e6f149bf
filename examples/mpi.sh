#!/bin/sh
# An MPI program whose MPICH is in the image: sbatch mpi.sh PROGRAM [ARGUMENT...]
#
# srun starts all ranks; the ranks of a node share one container.  mpirun is not
# needed.  For Open MPI see pmix.sh.
#SBATCH --job-name=mpi
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=2
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif

srun --mpi=pmi2 "$@"
