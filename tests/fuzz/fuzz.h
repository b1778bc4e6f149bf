/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Called by libFuzzer with each input; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory that holds the input, the same one each time; borrowed. */
int fuzz_file(const uint8_t *data, size_t size);

/* A NUL-terminated copy, which the caller frees. */
char *fuzz_text(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define FUZZ_ASSERT(condition)            \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#endif
