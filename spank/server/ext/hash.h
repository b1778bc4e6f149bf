/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_EXT_HASH_H
#define SPANK_SERVER_EXT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Added to the version of an index if characters are unsigned. */
#define EXT_HASH_UNSIGNED 3

/*
 * The hash of a name in the index of a directory; its lowest bit is 0.
 * `version`: 0 legacy, 1 half MD4, 2 TEA.  -1 if there is no such version.
 */
int ext_hash(unsigned int version, const uint32_t seed[4], const char *name,
	size_t length, uint32_t *ret_hash);

#endif
