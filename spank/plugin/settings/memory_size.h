/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_SETTINGS_MEMORY_SIZE_H
#define SPANK_PLUGIN_SETTINGS_MEMORY_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Room for the text of a size. */
#define MEMORY_SIZE_TEXT 24

/* A size as tmpfs takes it: a number, and a unit: k, m, g, their capitals, or %
 * of what the step may use.  Number 0: no size. */
struct memory_size {
	uint64_t number;
	char unit;
};

/* A number without a unit counts MiB, as that of Slurm's --mem does. */
bool memory_size_parse(const char *text, struct memory_size *ret_size);

void memory_size_print(const struct memory_size *size,
	char ret_text[MEMORY_SIZE_TEXT]);

/* In bytes, of `limit` if it is a percentage; UINT64_MAX if it exceeds the
 * limit or 64 bits. */
uint64_t memory_size_bytes(const struct memory_size *size, uint64_t limit);

#endif
