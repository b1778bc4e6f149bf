#!/bin/sh
# A shell in the image, on a node: ./interactive.sh [IMAGE]
#
# salloc makes the image the default of every srun of the allocation.
exec salloc --ntasks=1 --time=00:30:00 --sif-image="${1:-app.sif}" \
	srun --pty sh
