/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of findings, and its output format.  policy.c decides what may be in
 * it.  A field with a TAB or a line end cannot be written, so such a finding is
 * left out.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "spank/gpus/findings.h"

/* Longer notes are cut off. */
#define NOTE_SIZE (PATH_MAX + 1024)

void findings_add(struct findings *findings, enum finding_kind kind,
	const char *first, const char *second)
{
	struct finding finding = { .kind = kind };
	struct finding *list;

	if (strpbrk(first, "\t\r\n") || (second && strpbrk(second, "\t\r\n")))
		return;
	list = reallocarray(findings->list, findings->count + 1, sizeof(*list));
	if (list)
		findings->list = list;
	finding.first = strdup(first);
	finding.second = second ? strdup(second) : NULL;
	if (!list || !finding.first || (second && !finding.second)) {
		free(finding.first);
		free(finding.second);
		findings->failed = true;
		return;
	}
	list[findings->count++] = finding;
}

void findings_truncate(struct findings *findings, size_t count)
{
	while (findings->count > count) {
		findings->count--;
		free(findings->list[findings->count].first);
		free(findings->list[findings->count].second);
	}
}

void findings_free(struct findings *findings)
{
	findings_truncate(findings, 0);
	free(findings->list);
	*findings = (struct findings){ 0 };
}

const char *findings_find(const struct findings *findings,
	enum finding_kind kind, const char *second)
{
	const struct finding *finding;
	size_t i;

	for (i = 0; i < findings->count; i++) {
		finding = &findings->list[i];
		if (finding->kind == kind &&
			strcmp(finding->second, second) == 0)
			return finding->first;
	}
	return NULL;
}

size_t findings_count(const struct findings *findings, enum finding_kind kind)
{
	size_t i, count = 0;

	for (i = 0; i < findings->count; i++)
		count += findings->list[i].kind == kind;
	return count;
}

void findings_add_note(struct findings *findings, const char *format, ...)
{
	char text[NOTE_SIZE];
	va_list args;
	char *end;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A path in the text may have any byte, but the note must be printed.
	 */
	for (end = text; (end = strpbrk(end, "\t\r\n"));)
		*end = '?';
	findings_add(findings, FINDING_NOTE, text, NULL);
}

int findings_print(const struct findings *findings, FILE *stream,
	struct error *err)
{
	static const char *const kinds[] = { "library", "bind", "env", "note" };
	const struct finding *finding;
	size_t i;

	if (findings->failed)
		return error_set(err, 0,
			"cannot list the driver's files: not enough memory");
	for (i = 0; i < findings->count; i++) {
		finding = &findings->list[i];
		fprintf(stream, "%s\t%s%s%s\n", kinds[finding->kind],
			finding->first, finding->second ? "\t" : "",
			finding->second ? finding->second : "");
	}
	if (fflush(stream) == EOF || ferror(stream))
		return error_set(err, EIO, "cannot list the driver's files");
	return 0;
}
