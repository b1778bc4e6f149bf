/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "common/image_use.h"
#include "common/named_values.h"

#define FIELD(name) .offset = offsetof(struct image_use, name)

static const struct named_value table[] = {
	{ "use", FIELD(is_data), .words = { "root", "data" } },
	{ "owner", FIELD(owner_is_user), .words = { "image", "user" } },
};

#define ROWS (sizeof(table) / sizeof(*table))

void image_use_print(const struct image_use *use, char text[IMAGE_USE_SIZE])
{
	named_values_print_text(table, ROWS, use, text, IMAGE_USE_SIZE);
}

bool image_use_parse(const char *text, struct image_use *ret_use)
{
	char copy[IMAGE_USE_SIZE];
	struct image_use use;
	struct error ignored;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy) ||
		named_values_parse_text(table, ROWS, copy, &use, &ignored) < 0)
		return false;
	*ret_use = use;
	return true;
}
