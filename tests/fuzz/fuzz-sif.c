/* SPDX-License-Identifier: BSD-3-Clause */
/* SIF headers and descriptors; what is found must lie within the file. */
#include <string.h>

#include "common/sif.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct sif_partition *partition, size_t size)
{
	FUZZ_ASSERT(partition->offset <= size &&
		    partition->size <= size - partition->offset);
	FUZZ_ASSERT(sif_compression_of(partition));
}

static void find(int fd, enum sif_purpose purpose, size_t size)
{
	struct sif_image image;
	struct error err = { 0 };
	size_t i;

	if (sif_find_image(fd, purpose, "02", &image, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return;
	}
	FUZZ_ASSERT(
		image.layers.count > 0 && image.layers.count <= SIF_LAYERS_MAX);
	for (i = 0; i < image.layers.count; i++)
		check(&image.layers.partitions[i], size);
	sif_free_image(&image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char uuid[SIF_UUID_SIZE];
	int fd = fuzz_file(data, size);

	find(fd, SIF_ROOT, size);
	find(fd, SIF_ROOT_ALONE, size);
	find(fd, SIF_DATA, size);
	find(fd, SIF_LAYER, size);
	sif_read_uuid(fd, uuid);
	FUZZ_ASSERT(strlen(uuid) == 0 || strlen(uuid) == SIF_UUID_SIZE - 1);
	return 0;
}
