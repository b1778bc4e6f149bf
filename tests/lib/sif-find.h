/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_LIB_SIF_FIND_H
#define TESTS_LIB_SIF_FIND_H

#include "common/sif.h"

/* As sif_find_image(), but only the lowest file system of the image. */
static inline int sif_find(int fd, enum sif_purpose purpose,
	const char *machine, struct sif_partition *ret_partition,
	struct error *err)
{
	struct sif_image image;

	if (sif_find_image(fd, purpose, machine, &image, err) < 0)
		return -1;
	sif_free_image(&image);
	*ret_partition = image.layers.partitions[0];
	return 0;
}

#endif
