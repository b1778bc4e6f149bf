#!/bin/sh
# A program that writes into its own installation: sbatch writable.sh
#
# The image is not changed.  What is written lies in memory, counts against the
# job's memory, and ends with the step.
#SBATCH --job-name=writable
#SBATCH --ntasks=1
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif
#SBATCH --sif-writable-tmpfs=yes

srun sh -c 'echo cache >/opt/cache && cat /opt/cache'
