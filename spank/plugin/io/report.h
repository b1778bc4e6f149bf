/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_IO_REPORT_H
#define SPANK_PLUGIN_IO_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

enum report_kind {
	REPORT_NOTE,   /* a warning, always printed */
	REPORT_ALIKE,  /* a warning that is the same on all nodes */
	REPORT_MOMENT, /* with --sif-debug: what was done, and when */
	REPORT_DETAIL, /* with --sif-debug: what is the same on equal nodes */
};

struct report_line {
	enum report_kind kind;
	char *text; /* owned */
};

/*
 * What a task or a command tells the user besides a failure, kept until a hook
 * prints it.  Lines are dropped if memory runs out; nothing fails because of a
 * report.
 */
struct report {
	bool debug;                /* --sif-debug */
	int64_t begin_us;          /* when the step began, on CLOCK_MONOTONIC */
	struct report_line *lines; /* owned */
	size_t count;
};

void report_note(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for what all nodes have, such as the image: only the first node
 * prints it. */
void report_note_alike(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Only with --sif-debug. */
void report_detail(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same, with the milliseconds since the step began. */
void report_moment(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same for an earlier moment. */
void report_moment_at(struct report *report, int64_t at_us, const char *what);

/*
 * All tasks of a node share this failure.  The first task that calls this with
 * the same *reported, in memory that they share, tells the user; for the others
 * *err becomes told_elsewhere.  Returns -1.
 */
int report_common_failure(uint32_t *reported, struct error *err);

/* A hash of all details: nodes with the same one have the same mounts and
 * variables. */
uint32_t report_fingerprint(const struct report *report);

/* The line of the last moment; "" if there is none. */
const char *report_last_moment(const struct report *report);

void report_free(struct report *report);

#endif
