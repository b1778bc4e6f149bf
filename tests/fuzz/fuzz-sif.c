/* SPDX-License-Identifier: BSD-3-Clause */
/* SIF headers and descriptors; what is found must lie within the file. */
#include <string.h>

#include "common/sif.h"
#include "tests/fuzz/fuzz.h"

static void find(int fd, enum sif_purpose purpose, size_t size)
{
	struct sif_partition partition;
	struct error err = { 0 };

	if (sif_find(fd, purpose, "02", &partition, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return;
	}
	FUZZ_ASSERT(partition.offset <= size &&
		    partition.size <= size - partition.offset);
	FUZZ_ASSERT(sif_compression_name(partition.compression));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char uuid[SIF_UUID_SIZE];
	int fd = fuzz_file(data, size);

	find(fd, SIF_ROOT, size);
	find(fd, SIF_DATA, size);
	sif_read_uuid(fd, uuid);
	FUZZ_ASSERT(strlen(uuid) == 0 || strlen(uuid) == SIF_UUID_SIZE - 1);
	return 0;
}
