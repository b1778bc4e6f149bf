#!/bin/sh
# A conda environment and a data set over the image: sbatch layers.sh
#
# env.ext3 was made with: apptainer overlay create --size 4096 env.ext3, and
# filled with: apptainer shell --overlay env.ext3 app.sif; data.sqf with:
# mksquashfs faces data.sqf -keep-as-directory.  All ranks read both at once; where
# both have the same file, that of the last in the list shows.
#SBATCH --job-name=layers
#SBATCH --ntasks=2
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif
#SBATCH --sif-overlay=env.ext3:ro,data.sqf:ro

srun sh -c '. /ext3/env.sh; python train.py'
