/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FILESYSTEM_MERGED_H
#define SPANK_SERVER_FILESYSTEM_MERGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a stack has to remember: the directories that are merged.  A table of
 * lists of numbers, each known by a number that is not 0.  Nothing is ever
 * removed or changed.
 *
 * The memory is shared with the processes that are forked after it was made.
 * What one of them has added the others find, even if it was killed right
 * afterwards.  Any number of threads and processes may use it; none waits for
 * another.
 */
struct merged;

/* `words` of memory at most, 8 bytes each.  NULL with errno. */
struct merged *merged_open(size_t words);

/* Enough for 300,000 directories that are merged of three. */
#define MERGED_WORDS (4UL * 1024 * 1024)

/* NULL-safe.  For this process only. */
void merged_close(struct merged *merged);

/* The longest list. */
#define MERGED_MAX 64

/*
 * The list of that number, or NULL and *ret_count 0.  It lies in the table.
 */
const uint64_t *merged_find(const struct merged *merged, uint64_t key,
	size_t *ret_count);

/*
 * Add a list.  0 if the table has it; -1 with errno: ENOMEM if the table is
 * full, EEXIST if it has another list of that number.
 */
int merged_add(struct merged *merged, uint64_t key, const uint64_t *list,
	size_t count);

#endif
