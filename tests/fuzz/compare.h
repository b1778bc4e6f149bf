/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_FUZZ_COMPARE_H
#define TESTS_FUZZ_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spank/server/squashfs/squash.h"

/*
 * Walks an image with the builtin reader and with the one on libsquashfuse, and
 * compares every name, attribute, target and byte.
 */
struct comparison {
	/* Either reader may refuse anything; what both show has to agree. */
	bool is_damaged;
	bool builtin_only; /* walk, and compare nothing */
	size_t nodes_max;
	size_t entries_max; /* of one directory */
	uint64_t bytes_max; /* of one file; its end is read in any case */
	/* What the walk came to. */
	size_t nodes;
	uint64_t bytes;
};

/* squash_open() of the reader on libsquashfuse: squashfuse-names.h. */
int squashfuse_open(int *fd, const struct sif_partition *partition,
	struct filesystem **ret_fs, struct error *err);

/*
 * 0 if the readers agree on the image in the open file `fd`, which is borrowed.
 * -1 if not, with a line on stderr that says where.
 */
int compare_image(int fd, struct comparison *comparison);

enum compare_result {
	COMPARE_SAME,
	COMPARE_DIFFERENT,
	COMPARE_BUILTIN_CRASHED,
	COMPARE_SQUASHFUSE_CRASHED, /* or did not come to an end */
};

/*
 * The same of an image that may be damaged, in a child: what both readers show
 * of its beginning.
 */
enum compare_result compare_damaged_image(int fd);

/* Walk the same part of the image with the builtin reader, in this process. */
void compare_damaged_builtin(int fd);

#endif
