/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_FINDINGS_H
#define GPUS_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

/* What a line tells, with its fields. */
enum finding_kind {
	FINDING_LIBRARY, /* library, host's file, name to be found by */
	FINDING_BIND,    /* bind, host's path, path inside */
	FINDING_ENV,     /* env, NAME=VALUE */
	FINDING_NOTE,    /* note, a sentence for who asks */
};

struct finding {
	enum finding_kind kind;
	char *first;  /* owned */
	char *second; /* owned; NULL if the kind has one field */
};

/*
 * What the program has found so far.  Start with { 0 }.  Functions that add do
 * not report a lack of memory: findings_print() does.
 */
struct findings {
	struct finding *list;
	size_t count;
	bool failed; /* one could not be stored */
};

void findings_free(struct findings *findings);

/* Drop all but the first `count`. */
void findings_truncate(struct findings *findings, size_t count);

/* Add one as it is; `second` may be NULL.  For policy.h, which has the rules.
 */
void findings_add(struct findings *findings, enum finding_kind kind,
	const char *first, const char *second);

void findings_add_note(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first field of the finding whose second is that, or NULL.  Borrowed. */
const char *findings_find(const struct findings *findings,
	enum finding_kind kind, const char *second);

/* How many findings of this kind there are. */
size_t findings_count(const struct findings *findings, enum finding_kind kind);

/*
 * Write one finding a line, fields separated by a TAB.  Fails if one was lost,
 * or cannot be written.
 */
int findings_print(const struct findings *findings, FILE *stream,
	struct error *err);

#endif
