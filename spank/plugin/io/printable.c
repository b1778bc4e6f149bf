/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text from users on its way to a log or a terminal: file names, option values,
 * messages of programs that run as the user.  A newline in it would forge a
 * line of the log, and an escape sequence would act on the reader's terminal.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "spank/plugin/io/printable.h"

#define ESCAPED_LENGTH 4

/* C0, C1, DEL; line and paragraph separator; characters that reverse the
 * direction of text, with which a line shows other words than it has. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
	       (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069);
}

/* An encoding that is longer than needed is not valid. */
static bool is_character(uint32_t point, size_t length)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return point >= smallest[length] && point <= 0x10ffff &&
	       (point < 0xd800 || point > 0xdfff);
}

/* The length of the UTF-8 character at `text`; 0 if it is not valid, or a
 * control character. */
static size_t character_length(const unsigned char *text)
{
	size_t length, i;
	uint32_t point;

	if (text[0] < 0x80)
		return !is_control(text[0]);
	if (text[0] < 0xc0 || text[0] > 0xf7)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	point = text[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	return is_character(point, length) && !is_control(point) ? length : 0;
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
