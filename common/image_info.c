/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words for struct image_info, by a table.  The server prints them and runs
 * as the user, so the parser also checks length and characters of each text.
 */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/image_info.h"
#include "common/named_values.h"

/* Texts are borrowed from their words until they are checked. */
struct fields {
	struct image_info info;
	const char *compression, *uuid, *stack, *layers;
};

#define FIELD(name) .offset = offsetof(struct fields, name)

static const struct named_value table[] = {
	{ "offset", FIELD(info.offset), .max = LONG_MAX },
	{ "size", FIELD(info.size), .min = 1, .max = LONG_MAX },
	{ "compression", FIELD(compression), .is_text = true },
	{ "overlays", FIELD(info.overlays), .is_optional = true,
		.max = UINT32_MAX },
	{ "rings", FIELD(info.rings), .is_optional = true, .max = INT_MAX },
	{ "root", FIELD(info.is_file), .is_optional = true,
		.words = { "directory", "file" } },
	{ "uuid", FIELD(uuid), .is_text = true, .is_optional = true },
	{ "filesystems", FIELD(stack), .is_text = true, .is_optional = true },
	{ "layers", FIELD(layers), .is_text = true, .is_optional = true },
};

#define ROWS (sizeof(table) / sizeof(*table))

void image_info_print(const struct image_info *info, char *text, size_t size)
{
	const struct fields fields = {
		.info = *info,
		.compression = info->compression,
		.uuid = info->uuid,
		.stack = info->stack,
		.layers = info->layers,
	};

	named_values_print_text(table, ROWS, &fields, text, size);
}

/* Copy a text of 1 to `size` - 1 of these characters. */
static bool copy_text(const char *text, const char *characters, char *ret_text,
	size_t size)
{
	size_t length = strlen(text);

	if (length == 0 || length >= size || text[strspn(text, characters)])
		return false;
	memcpy(ret_text, text, length + 1);
	return true;
}

static bool check(struct fields *fields)
{
	struct image_info *info = &fields->info;

	return copy_text(fields->compression,
		       "abcdefghijklmnopqrstuvwxyz0123456789",
		       info->compression, sizeof(info->compression)) &&
	       (!fields->uuid ||
		       copy_text(fields->uuid, "0123456789abcdefABCDEF-",
			       info->uuid, sizeof(info->uuid))) &&
	       (!fields->stack ||
		       copy_text(fields->stack,
			       "abcdefghijklmnopqrstuvwxyz0123456789+",
			       info->stack, sizeof(info->stack))) &&
	       (!fields->layers ||
		       copy_text(fields->layers,
			       "abcdefghijklmnopqrstuvwxyz0123456789+,",
			       info->layers, sizeof(info->layers)));
}

bool image_info_parse(const char *text, struct image_info *ret_info)
{
	struct fields fields = { .uuid = NULL };
	char copy[IMAGE_INFO_SIZE];
	struct error ignored;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy) ||
		named_values_parse_text(table, ROWS, copy, &fields, &ignored) <
			0 ||
		!check(&fields))
		return false;
	*ret_info = fields.info;
	return true;
}
