/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef GPUS_RECORDS_H
#define GPUS_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

/* What a line tells, with its fields. */
enum record_kind {
	RECORD_LIBRARY, /* library, host's file, name to be found by */
	RECORD_BIND,    /* bind, host's path, path inside */
	RECORD_ENV,     /* env, NAME=VALUE */
	RECORD_NOTE,    /* note, a sentence for who asks */
};

struct record {
	enum record_kind kind;
	char *first;  /* owned */
	char *second; /* owned; NULL if the kind has one field */
};

/*
 * What the program has found so far.  Start with { 0 }.  Functions that add do
 * not report a lack of memory: records_print() does.
 */
struct records {
	struct record *list;
	size_t count;
	bool failed; /* one could not be stored */
};

void records_free(struct records *records);

/* Drop all but the first `count`. */
void records_truncate(struct records *records, size_t count);

/* Add one as it is; `second` may be NULL.  For policy.h, which has the rules.
 */
void records_add(struct records *records, enum record_kind kind,
	const char *first, const char *second);

void records_add_note(struct records *records, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The first field of the record whose second is that, or NULL.  Borrowed. */
const char *records_find(const struct records *records, enum record_kind kind,
	const char *second);

/* How many records of this kind there are. */
size_t records_count(const struct records *records, enum record_kind kind);

/*
 * Write one record a line, fields separated by a TAB.  Fails if one was lost,
 * or cannot be written.
 */
int records_print(const struct records *records, FILE *stream,
	struct error *err);

#endif
