/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two readers of squashfs: whatever both show of an image is the same.
 * libsquashfuse runs in a child, where it may crash.
 */
#include "tests/fuzz/compare.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	enum compare_result result;

	/* Here, since what a child does guides nobody. */
	compare_damaged_builtin(fd);
	result = compare_damaged_image(fd);
	FUZZ_ASSERT(result != COMPARE_DIFFERENT &&
		    result != COMPARE_BUILTIN_CRASHED);
	return 0;
}
