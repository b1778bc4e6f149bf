/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is found of a driver: a list, and how it is told.  What may be in it is
 * the matter of policy.c.  A field with a TAB or a line end cannot be written:
 * such a record is left out.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "spank/gpus/findings.h"

void records_add(struct records *records, enum record_kind kind,
	const char *first, const char *second)
{
	struct record record = { .kind = kind };
	struct record *list;

	if (strpbrk(first, "\t\r\n") || (second && strpbrk(second, "\t\r\n")))
		return;
	list = reallocarray(records->list, records->count + 1, sizeof(*list));
	if (list)
		records->list = list;
	record.first = strdup(first);
	record.second = second ? strdup(second) : NULL;
	if (!list || !record.first || (second && !record.second)) {
		free(record.first);
		free(record.second);
		records->failed = true;
		return;
	}
	list[records->count++] = record;
}

void records_truncate(struct records *records, size_t count)
{
	while (records->count > count) {
		records->count--;
		free(records->list[records->count].first);
		free(records->list[records->count].second);
	}
}

void records_free(struct records *records)
{
	records_truncate(records, 0);
	free(records->list);
	*records = (struct records){ 0 };
}

const char *records_find(const struct records *records, enum record_kind kind,
	const char *second)
{
	const struct record *record;
	size_t i;

	for (i = 0; i < records->count; i++) {
		record = &records->list[i];
		if (record->kind == kind && strcmp(record->second, second) == 0)
			return record->first;
	}
	return NULL;
}

size_t records_count(const struct records *records, enum record_kind kind)
{
	size_t i, count = 0;

	for (i = 0; i < records->count; i++)
		count += records->list[i].kind == kind;
	return count;
}

void records_add_note(struct records *records, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE];
	va_list args;
	char *end;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A path in it may have any byte; the note must be told all the same.
	 */
	for (end = text; (end = strpbrk(end, "\t\r\n"));)
		*end = '?';
	records_add(records, RECORD_NOTE, text, NULL);
}

int records_print(const struct records *records, FILE *stream,
	struct error *err)
{
	static const char *const kinds[] = { "library", "bind", "env", "note" };
	const struct record *record;
	size_t i;

	if (records->failed)
		return error_set(err, 0,
			"cannot list the driver's files: not enough memory");
	for (i = 0; i < records->count; i++) {
		record = &records->list[i];
		fprintf(stream, "%s\t%s%s%s\n", kinds[record->kind],
			record->first, record->second ? "\t" : "",
			record->second ? record->second : "");
	}
	if (fflush(stream) == EOF || ferror(stream))
		return error_set(err, EIO, "cannot list the driver's files");
	return 0;
}
