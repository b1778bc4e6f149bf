/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_H
#define COMMON_SIF_H

#include <stdint.h>

#include "common/error.h"
#include "common/oci_config.h"
#include "common/sif_arch.h"
#include "common/sif_partition.h"

/* What is found in an image file. */
struct sif_image {
	struct sif_layers layers;
	struct oci_config config; /* of the root of an OCI-SIF */
};

/*
 * Find the file systems in the open file `fd`: for SIF_ROOT the primary system
 * partition of a SIF, the layers of an OCI-SIF, or a bare squashfs, ext2, ext3
 * or ext4.  The content is untrusted: counts are capped, and sums are checked
 * for overflow and against the file's size.  Also checks the superblocks (of
 * squashfs: magic, version 4.0, known compression, bytes_used within the
 * partition; of ext: ext_superblock.h) and, of what has programs for a root,
 * the architecture against `machine`, a code of the SIF format ("02" for amd64;
 * "00" fits any).  squash_open() finds out whether the compression is
 * supported.
 *
 * Only calls pread(2), fstat(2) and, for the JSON of an OCI-SIF, getrandom(2)
 * and malloc(3).  On failure err->text says what is wrong with "it" and what to
 * do.  The caller puts the file's name first ("cannot use the image '/x.sif':
 * it is empty; ..."), and frees *ret_image.
 */
int sif_find_image(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_image *ret_image, struct error *err);

void sif_free_image(struct sif_image *image);

#endif
