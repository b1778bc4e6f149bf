/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_CONSTRUCT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_CONSTRUCT_H

#include <stddef.h>

/* How shells treat a construct that Apptainer's shell reads as bash does. */
enum environment_dialect_kind {
	DIALECT_REFUSED = 1, /* dash, busybox or both print an error */
	DIALECT_SILENT = 2,  /* both give it another meaning, silently */
	DIALECT_DASH = 4,    /* dash does, busybox supports it */
	DIALECT_CR = 8,      /* every shell does, even bash */
};

struct environment_dialect {
	enum environment_dialect_kind kind;
	size_t line;           /* counted from 1 */
	const char *construct; /* for people; a constant string */
};

#endif
