/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_ENVIRONMENT_DIALECT_H
#define COMMON_ENVIRONMENT_DIALECT_H

#include <stdbool.h>
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

/*
 * Find the first construct of one of `kinds` in a script.  Looks at words and
 * quotes, and knows no grammar: good for a hint, not for a decision.
 */
bool environment_dialect_find(const char *text, size_t length, unsigned kinds,
	struct environment_dialect *ret_dialect);

#endif
