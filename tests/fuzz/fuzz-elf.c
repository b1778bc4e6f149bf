/* SPDX-License-Identifier: BSD-3-Clause */
/* The libraries that a program in the image declares. */
#include <string.h>

#include "spank/server/prefetch/elf_dynamic.h"
#include "tests/fuzz/fuzz.h"

struct input {
	const uint8_t *data;
	size_t size;
};

static ssize_t read_input(void *arg, uint64_t offset, void *buffer, size_t size)
{
	const struct input *input = arg;

	if (offset >= input->size)
		return 0;
	if (size > input->size - offset)
		size = input->size - offset;
	memcpy(buffer, input->data + offset, size);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct elf_needs needs;
	size_t i;

	if (elf_needs(read_input, &input, &needs) < 0)
		return 0;
	FUZZ_ASSERT(needs.count <= ELF_NAMES_MAX);
	FUZZ_ASSERT(memchr(needs.loader, '\0', sizeof(needs.loader)));
	for (i = 0; i < needs.count; i++)
		FUZZ_ASSERT(memchr(needs.names[i], '\0', ELF_NAME_SIZE));
	return 0;
}
