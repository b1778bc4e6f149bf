/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words for struct image_use, by a table, and then the path.
 */
#include <stdio.h>
#include <string.h>

#include "common/image_use.h"
#include "common/named_values.h"

#define FIELD(name) .offset = offsetof(struct image_use, name)

static const struct named_value table[] = {
	{ "use", FIELD(is_data), .words = { "root", "data" } },
	{ "owner", FIELD(owner_is_user), .words = { "image", "user" } },
	{ "overlays", FIELD(ignores_overlays), .words = { "use", "ignore" },
		.is_optional = true },
};

#define ROWS (sizeof(table) / sizeof(*table))

/* Not in the table, as a path may contain spaces. */
#define PART " part="

void image_use_print(const struct image_use *use, char text[IMAGE_USE_SIZE])
{
	size_t used;

	named_values_print_text(table, ROWS, use, text, IMAGE_USE_SIZE);
	used = strlen(text);
	if (use->part[0])
		snprintf(text + used, IMAGE_USE_SIZE - used, PART "%s",
			use->part);
}

/* Cut the part off the words. */
static bool take_part(char *words, char ret_part[PATH_MAX])
{
	char *part = strstr(words, PART);

	ret_part[0] = '\0';
	if (!part)
		return true;
	*part = '\0';
	part += strlen(PART);
	return part[0] == '/' &&
	       snprintf(ret_part, PATH_MAX, "%s", part) < PATH_MAX;
}

bool image_use_parse(const char *text, struct image_use *ret_use)
{
	char copy[IMAGE_USE_SIZE];
	struct image_use use = { .is_data = 0 };
	struct error ignored;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy) ||
		!take_part(copy, use.part) ||
		named_values_parse_text(table, ROWS, copy, &use, &ignored) < 0)
		return false;
	*ret_use = use;
	return true;
}
