/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_SH_CONSTRUCT_H
#define SPANK_PLUGIN_ENVIRONMENT_SH_CONSTRUCT_H

#include <stddef.h>

/* What shells make of a construct that Apptainer's shell reads as bash does. */
enum environment_dialect_kind {
	DIALECT_REFUSED = 1, /* dash and busybox print an error, if any does */
	DIALECT_SILENT = 2,  /* both make something else of it */
	DIALECT_DASH = 4,    /* dash does; busybox knows it */
	DIALECT_CR = 8,      /* every shell does, bash included */
};

struct environment_dialect {
	enum environment_dialect_kind kind;
	size_t line;           /* from 1 */
	const char *construct; /* of constant texts; as people write it */
};

#endif
