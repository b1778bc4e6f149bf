/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_FOREIGN_H
#define COMMON_SIF_FOREIGN_H

#include "common/error.h"

/*
 * The open file `fd` is neither a SIF nor squashfs: say what it is, if it is
 * something that users of Singularity and Apptainer have, and how to make an
 * image of it.  Reads with pread(2) only.  Returns -1 always.
 */
int sif_foreign_describe(int fd, struct error *err);

#endif
