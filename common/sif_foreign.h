/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_FOREIGN_H
#define COMMON_SIF_FOREIGN_H

#include "common/error.h"

/*
 * The open file `fd` is no image: neither a SIF, nor squashfs, nor ext.  Put
 * into *err what it is, if users of Singularity and Apptainer have such files,
 * and how to make an image from it.  Reads with pread(2) only.  Always returns
 * -1.
 */
int sif_foreign_describe(int fd, struct error *err);

#endif
