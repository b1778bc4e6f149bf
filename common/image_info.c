/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/image_info.h"
#include "common/named_values.h"

/* Texts are borrowed from their words until they are checked. */
struct fields {
	struct image_info info;
	const char *compression, *uuid;
};

#define FIELD(name) .offset = offsetof(struct fields, name)

static const struct named_value table[] = {
	{ "offset", FIELD(info.offset), .max = LONG_MAX },
	{ "size", FIELD(info.size), .min = 1, .max = LONG_MAX },
	{ "compression", FIELD(compression), .is_text = true },
	{ "overlays", FIELD(info.overlays), .is_optional = true,
		.max = UINT32_MAX },
	{ "rings", FIELD(info.rings), .is_optional = true, .max = INT_MAX },
	{ "uuid", FIELD(uuid), .is_text = true, .is_optional = true },
};

#define ROWS (sizeof(table) / sizeof(*table))

void image_info_print(const struct image_info *info, char *text, size_t size)
{
	const struct fields fields = {
		.info = *info,
		.compression = info->compression,
		.uuid = info->uuid,
	};
	char word[IMAGE_INFO_SIZE];
	size_t i, used = 0;

	for (i = 0; i < ROWS && used < size; i++)
		if (named_value_print(&table[i], &fields, word, sizeof(word)) >
			0)
			used += snprintf(text + used, size - used, "%s%s",
				used > 0 ? " " : "", word);
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
			       info->uuid, sizeof(info->uuid)));
}

bool image_info_parse(const char *text, struct image_info *ret_info)
{
	char copy[IMAGE_INFO_SIZE], *words[ROWS + 1] = { copy };
	struct fields fields = { .uuid = NULL };
	struct error ignored;
	size_t count = 1;
	char *space;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return false;
	for (space = copy; (space = strchr(space, ' ')); count++) {
		if (count == ROWS)
			return false;
		*space++ = '\0';
		words[count] = space;
	}
	if (named_values_parse(table, ROWS, words, &fields, &ignored) < 0 ||
		!check(&fields))
		return false;
	*ret_info = fields.info;
	return true;
}
