/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/memory_size.h"

bool memory_size_parse(const char *text, struct memory_size *ret_size)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 15 || text[0] == '0' ||
		(text[digits] &&
			(!strchr("kKmMgG%", text[digits]) || text[digits + 1])))
		return false;
	*ret_size = (struct memory_size){
		.number = strtoull(text, NULL, 10),
		.unit = text[digits] ? text[digits] : 'm',
	};
	return true;
}

void memory_size_print(const struct memory_size *size,
	char ret_text[MEMORY_SIZE_TEXT])
{
	snprintf(ret_text, MEMORY_SIZE_TEXT, "%" PRIu64 "%c", size->number,
		size->unit);
}

uint64_t memory_size_bytes(const struct memory_size *size, uint64_t limit)
{
	uint64_t factor = 1, bytes;

	switch (size->unit) {
	case '%':
		return size->number > 100 ? UINT64_MAX
					  : limit / 100 * size->number;
	case 'g':
	case 'G':
		factor *= 1024;
		/* fall through */
	case 'm':
	case 'M':
		factor *= 1024;
		/* fall through */
	default:
		factor *= 1024;
	}
	return __builtin_mul_overflow(size->number, factor, &bytes) ? UINT64_MAX
								    : bytes;
}
