/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How every program of this tree says what failed: in a fixed buffer on the
 * caller's stack.  Nothing here allocates or logs, so it can be used between
 * fork and exec, and by libraries.  A sentence that is too long is cut, never
 * dropped.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"

bool error_is_set(const struct error *err)
{
	return err->told_elsewhere || err->text[0];
}

int error_set(struct error *err, int num, const char *format, ...)
{
	int saved = errno;
	size_t used;
	va_list args;

	err->num = num;
	err->told_elsewhere = false;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	if (num) {
		used = strlen(err->text);
		snprintf(err->text + used, sizeof(err->text) - used, ": %s",
			strerror(num));
	}
	errno = saved;
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	int saved = errno;
	char inner[ERROR_TEXT_SIZE];
	size_t used;
	va_list args;

	memcpy(inner, err->text, sizeof(inner));
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", inner);
	errno = saved;
	return -1;
}

int error_hint(struct error *err, const char *hint)
{
	size_t used = strlen(err->text);

	if (*hint)
		snprintf(err->text + used, sizeof(err->text) - used, "; %s",
			hint);
	return -1;
}
