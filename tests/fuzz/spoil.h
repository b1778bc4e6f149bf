/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_SPOIL_H
#define TESTS_FUZZ_SPOIL_H

#include <stddef.h>
#include <stdint.h>

#define SPOIL_MAX 8

/* An image in memory that is damaged and made good again. */
struct spoil {
	int fd; /* what it is now */
	unsigned char *good;
	size_t size;
	uint64_t random;
	size_t places[SPOIL_MAX];
	size_t count;
};

/* Ends the program if it cannot. */
void spoil_load(struct spoil *image, const char *path);
void spoil_free(struct spoil *image);

/* Up to SPOIL_MAX damages, the same for the same seed. */
void spoil_damage(struct spoil *image, long seed);
void spoil_repair(struct spoil *image);

#endif
