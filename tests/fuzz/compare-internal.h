/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_COMPARE_INTERNAL_H
#define TESTS_FUZZ_COMPARE_INTERNAL_H

/* What compare*.c share; for them only. */

#include "tests/fuzz/compare.h"

enum { BUILTIN, SQUASHFUSE, READERS };

struct walk {
	struct comparison *comparison;
	struct filesystem *fs[READERS];
	uint64_t *nodes;
	size_t count, capacity;
	bool differs;
};

void compare_die(const char *what);

/* Print what is different. */
void compare_differ(struct walk *walk, uint64_t ref, const char *what,
	int64_t builtin, int64_t squashfuse);
void compare_differ_if(struct walk *walk, uint64_t ref, const char *what,
	int64_t builtin, int64_t squashfuse);

/*
 * Whether there are two answers to compare: 0 is an answer, and anything else a
 * refusal, which only a damaged image allows.
 */
bool compare_both(struct walk *walk, uint64_t ref, const char *what,
	int builtin, int squashfuse);

/* One more node to visit, if there can be. */
void compare_add_node(struct walk *walk, uint64_t ref);

/* Its entries are visited later. */
void compare_directory(struct walk *walk, uint64_t ref);

#endif
