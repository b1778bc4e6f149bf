/* SPDX-License-Identifier: BSD-3-Clause */
/* The loader's cache as printed by ldconfig. */
#include <stdlib.h>
#include <string.h>

#include "spank/gpus/loader_cache.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *position = text, *name, *path;

	while (loader_cache_next(&position, &name, &path))
		FUZZ_ASSERT(name >= text && name < path && path[0] == '/' &&
			    path < text + size);
	free(text);
	return 0;
}
