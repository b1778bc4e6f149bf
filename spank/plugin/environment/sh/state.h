/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_STATE_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/environment/sh/environment.h"

/* Of one file; what stands behind is not read. */
#define ENVIRONMENT_READER_FILE_MAX (256 << 10)

/* What the reader of reader.h knows so far.  Starts as all zero. */
struct environment_reader {
	struct environment exported;
	struct environment locals; /* set, but not exported */
	size_t depth;              /* of files that source each other */
	size_t files;              /* that have been read */
	size_t skipped;            /* lines that were not understood */
	size_t skipped_file;       /* of the first of these, from 0 */
	size_t skipped_line;       /* from 1 */
	size_t ambiguities;        /* where shells may differ from it */
	size_t length;             /* of all files so far */
	size_t written;            /* bytes of values so far */
	bool has_ended;            /* the file, by exit or return */
	/* environment_reader_read(), for the files that a file sources. */
	int (*read)(struct environment_reader *reader, const char *text,
		size_t length, struct error *err);
};

#endif
