/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_FINDINGS_H
#define GPUS_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

/* The kinds of findings, and their fields. */
enum finding_kind {
	FINDING_LIBRARY, /* the host's file, the name of the library */
	FINDING_BIND,    /* the host's path, the path in the container */
	FINDING_ENV,     /* NAME=VALUE */
	FINDING_NOTE,    /* a sentence for the user */
};

struct finding {
	enum finding_kind kind;
	char *first;  /* owned */
	char *second; /* owned; NULL if the kind has one field */
};

/*
 * What the program has found so far.  Initialize it with { 0 }.  If a function
 * that adds runs out of memory, findings_print() reports that.
 */
struct findings {
	struct finding *list;
	size_t count;
	bool failed; /* a finding could not be stored */
};

void findings_free(struct findings *findings);

/* Keep only the first `count`. */
void findings_truncate(struct findings *findings, size_t count);

/* Add one without any check; `second` may be NULL.  Others call policy.h. */
void findings_add(struct findings *findings, enum finding_kind kind,
	const char *first, const char *second);

void findings_add_note(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first field of the finding with this kind and second field; borrowed.
 * NULL if there is none. */
const char *findings_find(const struct findings *findings,
	enum finding_kind kind, const char *second);

/* The number of findings of this kind. */
size_t findings_count(const struct findings *findings, enum finding_kind kind);

/*
 * Write one finding per line, with a TAB between fields.  Fails if a finding
 * could not be stored or written.
 */
int findings_print(const struct findings *findings, FILE *stream,
	struct error *err);

#endif
