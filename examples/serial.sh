#!/bin/sh
# One program in an image: sbatch serial.sh
#
# The script itself runs on the host.  Each srun in it runs in the image that
# #SBATCH names, in the directory the job was submitted from.
#SBATCH --job-name=serial
#SBATCH --ntasks=1
#SBATCH --time=00:10:00
#SBATCH --sif-image=app.sif

echo "on the host:  $(. /etc/os-release && echo "$NAME")"
srun sh -c '. /etc/os-release && echo "in the image: $NAME"'
