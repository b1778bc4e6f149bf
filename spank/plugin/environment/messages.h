/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_PLUGIN_ENVIRONMENT_MESSAGES_H
#define SPANK_PLUGIN_ENVIRONMENT_MESSAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "spank/plugin/io/report.h"

#define IMAGE_MESSAGES_LINES_MAX 10
#define IMAGE_MESSAGES_LINE_MAX  256

/* What the image's scripts print to standard error: its beginning. */
struct image_messages {
	char bytes[IMAGE_MESSAGES_LINES_MAX * IMAGE_MESSAGES_LINE_MAX + 1];
	size_t length;
	bool is_cut;
};

/*
 * Read once from a descriptor that does not block, and keep what there is room
 * for.  Returns false if nothing can follow.
 */
bool image_messages_read(struct image_messages *messages, int fd);

/* A note for each line, and one if there were more. */
void image_messages_report(const struct image_messages *messages,
	struct report *report);

#endif
