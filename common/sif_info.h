/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_SIF_INFO_H
#define COMMON_SIF_INFO_H

#include "common/image_info.h"
#include "common/sif.h"

/* What is known about the image in the file `fd`, without rings and layers. */
void sif_info_set(int fd, const struct sif_layers *found,
	struct image_info *ret_info);

/* Add the kinds of a layer over the image to info->layers. */
void sif_info_add_layer(struct image_info *info,
	const struct sif_layers *found);

#endif
