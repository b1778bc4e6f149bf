/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The squashfs reader: if an image can be opened, prefetch reads from it and
 * tests/lib/walk-image.c walks it and checks what it reads.  Neither may
 * crash.
 */
#include <unistd.h>

#include "common/cleanup.h"
#include "spank/server/prefetch/prefetch.h"
#include "spank/server/squashfs/squash.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/sif-find.h"
#include "tests/lib/walk-image.h"

static void prefetch_some(struct filesystem *fs)
{
	struct prefetch *prefetch = prefetch_open(fs, "sh", SIZE_MAX);
	int i;

	FUZZ_ASSERT(prefetch);
	for (i = 0; i < 100 && prefetch_step(prefetch); i++)
		;
	prefetch_close(prefetch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sif_partition partition;
	struct image_walk walk = {
		.nodes_max = 64,
		.reads_max = 16,
		.piece = 64 * 1024,
	};
	struct error err = { 0 };
	CLEANUP_FD int fd = dup(fuzz_file(data, size));

	if (sif_find(fd, SIF_DATA, "00", &partition, &err) < 0 ||
		squash_open(&fd, &partition, &walk.fs, &err) < 0) {
		FUZZ_ASSERT(err.text[0] != '\0');
		return 0;
	}
	FUZZ_ASSERT(fs_set_cache(walk.fs, 1 << 20, 1) == 0);
	prefetch_some(walk.fs);
	walk_image(&walk);
	fs_close(walk.fs);
	return 0;
}
