/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines for the user, in the order in which they were added.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/deadline.h"
#include "spank/plugin/io/report.h"

/* Takes ownership of the text. */
static void add_line(struct report *report, enum report_kind kind, char *text)
{
	struct report_line *lines =
		realloc(report->lines, (report->count + 1) * sizeof(*lines));

	if (!lines) {
		free(text);
		return;
	}
	report->lines = lines;
	lines[report->count++] = (struct report_line){ kind, text };
}

static void __attribute__((format(printf, 3, 0)))
add_warning(struct report *report, enum report_kind kind, const char *format,
	va_list args)
{
	CLEANUP_FREE char *text = NULL;
	char *line;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	if (text && asprintf(&line, "warning: %s", text) >= 0)
		add_line(report, kind, line);
}

void report_note(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_warning(report, REPORT_NOTE, format, args);
	va_end(args);
}

void report_note_alike(struct report *report, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_warning(report, REPORT_ALIKE, format, args);
	va_end(args);
}

void report_detail(struct report *report, const char *format, ...)
{
	va_list args;
	char *line;

	va_start(args, format);
	if (report->debug && vasprintf(&line, format, args) >= 0)
		add_line(report, REPORT_DETAIL, line);
	va_end(args);
}

void report_moment_at(struct report *report, int64_t at_us, const char *what)
{
	char *line;

	if (report->debug &&
		asprintf(&line, "%8.1f ms  %s",
			(at_us - report->begin_us) / 1000.0, what) >= 0)
		add_line(report, REPORT_MOMENT, line);
}

void report_moment(struct report *report, const char *format, ...)
{
	CLEANUP_FREE char *what = NULL;
	va_list args;

	va_start(args, format);
	if (report->debug && vasprintf(&what, format, args) >= 0)
		report_moment_at(report, deadline_now_us(), what);
	va_end(args);
}

int report_common_failure(uint32_t *reported, struct error *err)
{
	err->told_elsewhere =
		__atomic_exchange_n(reported, 1, __ATOMIC_RELAXED) != 0;
	return -1;
}

/* FNV-1a over the texts, with a separator after each. */
uint32_t report_fingerprint(const struct report *report)
{
	uint32_t hash = 2166136261u;
	const char *c;
	size_t i;

	for (i = 0; i < report->count; i++) {
		if (report->lines[i].kind != REPORT_DETAIL)
			continue;
		for (c = report->lines[i].text; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 16777619u;
		hash *= 16777619u;
	}
	return hash;
}

const char *report_last_moment(const struct report *report)
{
	size_t i;

	for (i = report->count; i > 0; i--)
		if (report->lines[i - 1].kind == REPORT_MOMENT)
			return report->lines[i - 1].text;
	return "";
}

void report_free(struct report *report)
{
	size_t i;

	for (i = 0; i < report->count; i++)
		free(report->lines[i].text);
	free(report->lines);
	report->lines = NULL;
	report->count = 0;
}
