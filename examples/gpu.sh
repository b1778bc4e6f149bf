#!/bin/sh
# One GPU: sbatch gpu.sh
#
# The driver's libraries and programs are the node's.  They show in the container
# of every step that has GPUs; --sif-nv=yes makes their absence an error.
#SBATCH --job-name=gpu
#SBATCH --ntasks=1
#SBATCH --gres=gpu:1
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif
#SBATCH --sif-nv=yes

srun nvidia-smi
