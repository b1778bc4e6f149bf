#!/bin/sh
# A conda environment in a squashfs file, beside the image: sbatch conda.sh
#
# Pack it once:
#   conda create --prefix ./env --copy python numpy
#   mksquashfs env conda.sqsh
# Programs of a conda environment know its prefix: mount it at the path that it
# was created at, or pack it with conda-pack.
#SBATCH --job-name=conda
#SBATCH --ntasks=1
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif
#SBATCH --sif-mount=conda.sqsh:/opt/env
#SBATCH --sif-env=PREPEND_PATH=/opt/env/bin,CONDA_PREFIX=/opt/env

srun python -c 'import sys; print(sys.prefix)'
