/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_ENVIRONMENT_READER_H
#define COMMON_ENVIRONMENT_READER_H

#include <stddef.h>

#include "common/environment.h"
#include "common/error.h"

/* Of one file; what stands behind is not read. */
#define ENVIRONMENT_READER_FILE_MAX (256 << 10)

/* Starts as all zero but for what is exported from the beginning. */
struct environment_reader {
	struct environment exported;
	struct environment locals; /* set, but not exported */
	size_t skipped;            /* lines that were not understood */
	size_t written;            /* bytes of values so far */
};

/*
 * Read the text of one script of an image, and set in the reader what it
 * exports.  Understands assignments of plain values; skips and counts all
 * other lines, among them all of if, case, loops and functions.  Executes
 * nothing.  Files of an image are read one after the other.  Fails without
 * memory, or if there are more variables than an environment takes.
 */
int environment_reader_read(struct environment_reader *reader, const char *text,
	size_t length, struct error *err);

void environment_reader_free(struct environment_reader *reader);

#endif
