#!/bin/sh
# Packages installed over an image, on the node's own disk: sbatch overlay.sh
#
# What the first step writes is kept in the directory, and the second step goes on
# with it.  Each node has a directory of its own; TMPDIR is the job's, or /tmp.
#SBATCH --job-name=overlay
#SBATCH --ntasks=1
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif

layer=${TMPDIR:-/tmp}/layer-$SLURM_JOB_ID
mkdir "$layer"

# In place of this, for example: conda install --prefix /opt/env numpy
srun --sif-overlay="$layer" sh -c 'mkdir /opt/env && echo installed >/opt/env/package'

# From now on it is only read, by any number of steps at once.
srun --sif-overlay="$layer:ro" cat /opt/env/package

# To keep it, pack it: mksquashfs "$layer/upper" env.sqf.  A later job uses the
# file as --sif-overlay=env.sqf:ro.
rm -rf "$layer"
