/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_STATE_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "spank/plugin/environment/variables/environment.h"

/* The most bytes of one file that are read. */
#define ENVIRONMENT_READER_FILE_MAX (256 << 10)

/* The state of the reader, see reader.h.  All zero at the start. */
struct environment_reader {
	struct environment exported;
	struct environment locals; /* set, but not exported */
	size_t depth;              /* of nested sourced files */
	size_t files;              /* number of scripts read */
	size_t skipped;            /* number of lines not understood */
	size_t skipped_file;       /* script of the first, counted from 0 */
	size_t skipped_line;       /* its line, counted from 1 */
	size_t ambiguities;        /* points where shells may differ */
	size_t length;             /* bytes of all files so far */
	size_t written;            /* bytes of all values so far */
	bool has_ended;            /* the current file, by exit or return */
	/* environment_reader_read(), for sourced files. */
	int (*read)(struct environment_reader *reader, const char *text,
		size_t length, struct error *err);
};

#endif
