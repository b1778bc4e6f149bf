/* SPDX-License-Identifier: BSD-3-Clause */
/* What the file systems in an image are, for image_info.h. */
#include <stdio.h>
#include <string.h>

#include "common/sif_info.h"

/* With '+' between them. */
static void print_kinds(const struct sif_layers *found, char *text, size_t size)
{
	size_t i, used = 0;

	for (i = 0; i < found->count && used < size; i++)
		used += snprintf(text + used, size - used, "%s%s",
			i > 0 ? "+" : "",
			sif_kind_name(found->partitions[i].kind));
}

void sif_info_set(int fd, const struct sif_layers *found,
	struct image_info *ret_info)
{
	const struct sif_partition *lowest = &found->partitions[0];

	*ret_info = (struct image_info){
		.offset = lowest->offset,
		.size = lowest->size,
		.overlays = lowest->overlays,
	};
	snprintf(ret_info->compression, sizeof(ret_info->compression), "%s",
		sif_compression_of(lowest));
	sif_read_uuid(fd, ret_info->uuid);
	if (found->count > 1)
		print_kinds(found, ret_info->stack, sizeof(ret_info->stack));
}

void sif_info_add_layer(struct image_info *info, const struct sif_layers *found)
{
	size_t used = strlen(info->layers), size = sizeof(info->layers);

	if (used > 0 && used + 1 < size) {
		info->layers[used++] = ',';
		info->layers[used] = '\0';
	}
	print_kinds(found, info->layers + used, size - used);
}
