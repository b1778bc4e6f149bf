/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_MESSAGES_H
#define SPANK_PLUGIN_ENVIRONMENT_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/io/report.h"

#define IMAGE_MESSAGES_LINES_MAX 10
#define IMAGE_MESSAGES_LINE_MAX  256

/* The beginning of what the image's scripts print to standard error. */
struct image_messages {
	char bytes[IMAGE_MESSAGES_LINES_MAX * IMAGE_MESSAGES_LINE_MAX + 1];
	size_t length;
	bool is_cut;
};

/*
 * Read once from a non-blocking descriptor, and keep what there is room for.
 * Returns false at end of file, or on an error.
 */
bool image_messages_read(struct image_messages *messages, int fd);

/* Add a note for each line, and one more if there were more lines. */
void image_messages_report(const struct image_messages *messages,
	struct report *report);

#endif
