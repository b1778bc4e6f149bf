/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text of users on its way to a log or a terminal: names of files, values of
 * options, sentences of programs that run as the user.  A newline in it would
 * make a line of the log that is not ours, an escape sequence would act on the
 * terminal of whoever reads it.
 *
 * Control characters are those of C0 and C1 and DEL.
 */
#include <stdio.h>
#include <string.h>

#include "common/printable.h"

#define ESCAPED_LENGTH 4

/* The length of the UTF-8 character at `text`; 0 if there is none, or if it is
 * a control character. */
static size_t character_length(const unsigned char *text)
{
	size_t length, i;

	if (text[0] < 0x80)
		return text[0] >= ' ' && text[0] != 0x7f;
	if (text[0] < 0xc2 || text[0] > 0xf4 ||
		(text[0] == 0xc2 && text[1] < 0xa0))
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	for (i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

const char *printable(const char *text, char *ret_text, size_t size)
{
	char *to = ret_text, *end = ret_text + size - 1;
	size_t length;

	while (*text) {
		length = character_length((const unsigned char *)text);
		if (to + (length ? length : ESCAPED_LENGTH) > end)
			break;
		if (length) {
			memcpy(to, text, length);
			to += length;
			text += length;
		} else {
			snprintf(to, ESCAPED_LENGTH + 1, "\\%03o",
				(unsigned char)*text++);
			to += ESCAPED_LENGTH;
		}
	}
	*to = '\0';
	return ret_text;
}
