/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_MERGED_H
#define SPANK_SERVER_FILESYSTEM_MERGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The merged directories of a stack, in a table that maps a number, the key, to
 * a list of numbers.  No key is 0.  Nothing is ever removed or changed.
 *
 * The table lies in memory that is shared with all processes forked after
 * merged_open().  What one process adds the others find, even if it is killed
 * right afterwards.  Any number of threads and processes may use the table;
 * none waits for another.
 */
struct merged;

/* Use at most `words` of memory, 8 bytes each.  NULL with errno. */
struct merged *merged_open(size_t words);

/* Enough for 300,000 directories of three parts each. */
#define MERGED_WORDS (4UL * 1024 * 1024)

/* NULL-safe.  Other processes keep the table. */
void merged_close(struct merged *merged);

/*
 * The list of `key`, which lies in the table.  NULL, and *ret_count 0, if there
 * is none.
 */
const uint64_t *merged_find(const struct merged *merged, uint64_t key,
	size_t *ret_count);

/*
 * Add a list.  Succeeds if the table has the same list already.  -1 with errno:
 * ENOMEM if the table is full, EEXIST if `key` has another list.
 */
int merged_add(struct merged *merged, uint64_t key, const uint64_t *list,
	size_t count);

#endif
