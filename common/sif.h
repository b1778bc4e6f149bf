/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_H
#define COMMON_SIF_H

#include <stdint.h>

#include "common/error.h"
#include "common/sif_arch.h"
#include "common/sif_partition.h"

/*
 * Find the file system in the open file `fd`: for SIF_ROOT the primary system
 * partition of a SIF, or a bare squashfs file.  The file's content is
 * untrusted: counts are capped, and sums are checked for overflow and against
 * the file's size.  Also checks the squashfs superblock (magic, version 4.0,
 * known compression, bytes_used within the partition) and, for a root, the
 * architecture against `machine`, a code of the SIF format ("02" for amd64;
 * "00" fits any).  squash_open() finds out whether the compression is
 * supported.
 *
 * Only calls pread(2) and fstat(2), and allocates nothing.  On failure
 * err->text says what is wrong with "it" and what to do.  The caller puts the
 * file's name first ("cannot use the image '/x.sif': it is empty; ...").
 */
int sif_find(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_partition *ret_partition, struct error *err);

#endif
