/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text in which one process hands a value on to the next.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/setting_print.h"

char *setting_print_word(const struct setting_value *value)
{
	return strdup(word_name(value->word));
}

char *setting_print_path(const struct setting_value *value)
{
	return value->word == NO_WORD ? strdup(value->path ? value->path : "")
				      : setting_print_word(value);
}

char *setting_print_binds(const struct setting_value *value)
{
	return bind_list_print(&value->binds);
}

char *setting_print_overlays(const struct setting_value *value)
{
	return overlay_list_print(&value->overlays);
}

char *setting_print_items(const struct setting_value *value)
{
	return item_list_print(&value->items);
}

char *setting_print_writable(const struct setting_value *value)
{
	char size[MEMORY_SIZE_TEXT], *text;

	if (value->size.number == 0)
		return setting_print_word(value);
	memory_size_print(&value->size, size);
	return asprintf(&text, "yes,%s", size) < 0 ? NULL : text;
}

char *setting_print_step(const struct setting_value *value)
{
	char step[STEP_ID_TEXT];

	if (value->word != NO_WORD)
		return setting_print_word(value);
	step_id_print(&value->step, step);
	return strdup(step);
}
