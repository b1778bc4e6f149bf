/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of an image's environment scripts.  The text is the image's, so its
 * length is limited, and control characters are replaced.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "spank/plugin/environment/messages.h"

bool image_messages_read(struct image_messages *messages, int fd)
{
	char bytes[4096];
	size_t room = sizeof(messages->bytes) - 1 - messages->length;
	ssize_t got = read(fd, bytes, sizeof(bytes));

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	if ((size_t)got > room)
		messages->is_cut = true;
	else
		room = got;
	memcpy(messages->bytes + messages->length, bytes, room);
	messages->length += room;
	return got > 0;
}

static void report_line(const char *line, size_t length, struct report *report)
{
	char text[IMAGE_MESSAGES_LINE_MAX + 1];
	size_t i;

	if (length > IMAGE_MESSAGES_LINE_MAX)
		length = IMAGE_MESSAGES_LINE_MAX;
	for (i = 0; i < length; i++)
		text[i] = (unsigned char)line[i] < ' ' || line[i] == 127
				  ? ' '
				  : line[i];
	text[length] = '\0';
	report_note(report, "the image's environment: %s", text);
}

void image_messages_report(const struct image_messages *messages,
	struct report *report)
{
	const char *at = messages->bytes, *end = at + messages->length;
	bool is_cut = messages->is_cut;
	const char *newline;
	size_t lines = 0;

	for (; at < end && lines < IMAGE_MESSAGES_LINES_MAX; at = newline + 1) {
		newline = memchr(at, '\n', end - at);
		if (!newline)
			newline = end;
		if (newline == at)
			continue;
		report_line(at, newline - at, report);
		lines++;
	}
	if (is_cut || at < end)
		report_note(report,
			"the image's environment: more than that is left out");
}
