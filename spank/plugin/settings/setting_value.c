/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words that a value can be, and copying, appending and freeing of values.
 * Parsing and printing are in setting_parse.c and setting_print.c.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "spank/plugin/settings/setting_value.h"

#define YES_OR_NO (MAY_BE(WORD_YES) | MAY_BE(WORD_NO))

const char *word_name(enum word word)
{
	static const char *const names[WORDS_COUNT] = {
		[WORD_NONE] = "none",
		[WORD_AUTO] = "auto",
		[WORD_TRY] = "try",
		[WORD_YES] = "yes",
		[WORD_NO] = "no",
		[WORD_HOST] = "host",
		[WORD_IMAGE] = "image",
		[WORD_PRIVATE] = "private",
	};

	return names[word];
}

/* As users of Slurm, Singularity and YAML write it. */
static enum word find_yes_or_no(const char *text)
{
	static const struct {
		const char *text;
		enum word word;
	} words[] = { { "yes", WORD_YES }, { "1", WORD_YES },
		{ "true", WORD_YES }, { "on", WORD_YES }, { "no", WORD_NO },
		{ "0", WORD_NO }, { "false", WORD_NO }, { "off", WORD_NO } };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(text, words[i].text) == 0)
			return words[i].word;
	return NO_WORD;
}

enum word word_find(const char *text, unsigned int words)
{
	enum word word = NO_WORD;
	int i;

	if ((words & YES_OR_NO) == YES_OR_NO)
		word = find_yes_or_no(text);
	for (i = 0; word == NO_WORD && i < WORDS_COUNT; i++)
		if (words & MAY_BE(i) && strcmp(text, word_name(i)) == 0)
			word = i;
	return word;
}

bool setting_value_is_empty(const struct setting_value *value)
{
	return value->word == NO_WORD && !value->path &&
	       value->binds.count == 0 && value->items.count == 0 &&
	       value->overlays.count == 0 && !value->has_step;
}

int setting_value_copy(const struct setting_value *value,
	struct setting_value *ret_copy, struct error *err)
{
	struct setting_value copy = *value;

	copy.path = value->path ? strdup(value->path) : NULL;
	copy.binds = (struct bind_list){ .count = 0 };
	copy.items = (struct item_list){ .count = 0 };
	copy.overlays = (struct overlay_list){ .count = 0 };
	if ((value->path && !copy.path) ||
		bind_list_copy(&value->binds, &copy.binds) < 0 ||
		item_list_copy(&value->items, &copy.items) < 0 ||
		overlay_list_copy(&value->overlays, &copy.overlays) < 0) {
		setting_value_free(&copy);
		return error_set(err, 0, "cannot allocate memory");
	}
	*ret_copy = copy;
	return 0;
}

int setting_value_append(struct setting_value *list, struct setting_value *more,
	struct error *err)
{
	if (bind_list_append(&list->binds, &more->binds) < 0 ||
		item_list_append(&list->items, &more->items) < 0 ||
		overlay_list_append(&list->overlays, &more->overlays) < 0)
		return error_set(err, 0, "cannot allocate memory");
	return 0;
}

void setting_value_free(struct setting_value *value)
{
	free(value->path);
	bind_list_free(&value->binds);
	item_list_free(&value->items);
	overlay_list_free(&value->overlays);
	*value = (struct setting_value){ .is_set = false };
}
