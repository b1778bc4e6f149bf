#!/bin/sh
# A data set of many files in one image: sbatch data-image.sh
#
# Pack it once: mksquashfs faces/ data.sqsh -comp zstd
# The parallel file system then sees one large file instead of many small ones.
#SBATCH --job-name=data-image
#SBATCH --ntasks=1
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif
#SBATCH --sif-mount=data.sqsh:/data

srun sh -c 'echo "$(ls /data | wc -l) files"'
