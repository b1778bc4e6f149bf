/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_H
#define COMMON_SIF_H

#include <stdint.h>

#include "common/error.h"
#include "common/sif_superblock.h"

/* What is looked for in a file. */
enum sif_purpose {
	SIF_ROOT, /* a root file system that this machine can run */
	SIF_DATA, /* any squashfs: primary, data or system partition */
};

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" and its NUL. */
#define SIF_UUID_SIZE 37

/*
 * Find the root file system in the open regular file `fd`: the primary system
 * partition of a SIF, or a bare squashfs file.  Everything in the file is
 * distrusted: counts are capped, sums checked for overflow and against the
 * file's size.  Checks the squashfs superblock (magic, version 4.0, known
 * compression, bytes_used within the partition) and, of a root, the
 * architecture against `machine`, a code of the SIF format ("02" for amd64;
 * "00" fits anything).  Whether the compression can be undone is for
 * squash_open() to say.
 *
 * Reads with pread(2) only and allocates nothing.  On failure err->text says
 * what is wrong with "it" and what to do: the caller puts the file's name
 * before it ("cannot use the image '/x.sif': it is empty; ...").
 */
int sif_find(int fd, enum sif_purpose purpose, const char *machine,
	struct sif_partition *ret_partition, struct error *err);

/*
 * The UUID of a SIF in words; "" for a bare squashfs, or a SIF that was made
 * without one.
 */
void sif_read_uuid(int fd, char ret_uuid[SIF_UUID_SIZE]);

/* This program's own architecture as a SIF code, "00" if the format has none.*/
const char *sif_machine(void);

#endif
