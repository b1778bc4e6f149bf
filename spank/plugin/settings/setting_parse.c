/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses the text of values.  The commands parse what the user
 * gives and refuse a submission; slurmstepd parses again what the commands hand
 * on, since users can set those variables themselves.  There it runs as root,
 * on text of the user, and only looks at that text.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spank/plugin/settings/image_source.h"
#include "spank/plugin/settings/setting_parse.h"

static int set_path(struct setting_value *value, const char *path,
	struct error *err)
{
	value->word = NO_WORD;
	value->path = strdup(path);
	return value->path ? 0 : error_set(err, 0, "cannot allocate memory");
}

static bool set_word(struct setting_value *value, const char *text,
	unsigned int words)
{
	value->word = word_find(text, words);
	return value->word != NO_WORD;
}

/* "yes|no" */
static void list_words(unsigned int words, char *text, size_t size)
{
	size_t used = 0;
	int word;

	for (word = 0; word < WORDS_COUNT && used < size; word++)
		if (words & MAY_BE(word))
			used += snprintf(text + used, size - used, "%s%s",
				used > 0 ? "|" : "", word_name(word));
}

int setting_parse_word(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	char choices[64] = "";

	if (set_word(value, text, words))
		return 0;
	list_words(words, choices, sizeof(choices));
	return error_set(err, 0, "'%s' is not one of %s", text, choices);
}

/* --- paths ---------------------------------------------------------------- */

static int check_path(const char *text, struct error *err)
{
	if (!*text)
		return error_set(err, 0, "a path is missing");
	if (strlen(text) >= PATH_MAX)
		return error_set(err, 0,
			"the path is longer than %d characters", PATH_MAX - 1);
	return 0;
}

/* What the commands are given may still begin with a variable. */
static bool begins_absolute(const char *text)
{
	return text[0] == '/' || text[0] == '$' || text[0] == '~';
}

static int parse_absolute(const char *text, struct setting_value *value,
	struct error *err)
{
	if (check_path(text, err) < 0)
		return -1;
	if (!begins_absolute(text))
		return error_set(err, 0,
			"'%s' is not an absolute path: begin it with '/'",
			text);
	return set_path(value, text, err);
}

int setting_parse_workdir(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	(void)words;
	value->word = NO_WORD;
	return *text ? parse_absolute(text, value, err) : 0;
}

int setting_parse_home(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	size_t length = strcspn(text, ":");
	const char *target = text[length] ? text + length + 1 : "";

	if (set_word(value, text, words))
		return 0;
	/* As Apptainer's --home has it, "SRC:DST". */
	if (begins_absolute(target))
		return error_set(err, 0,
			"'%s' is not one directory: for the home %s that shows "
			"%.*s, give --sif-home=%s and --sif-bind=%s",
			text, target, (int)length, text, target, text);
	if (*text && !begins_absolute(text))
		return error_set(err, 0,
			"'%s' is not one of yes|no|private, nor an absolute "
			"path: begin a path with '/'",
			text);
	return parse_absolute(text, value, err);
}

/* --- images --------------------------------------------------------------- */

int setting_parse_image(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	if (set_word(value, text, words))
		return 0;
	if (!*text)
		return error_set(err, 0,
			"the path of an image, or 'none', is missing");
	if (image_source_check(text, err) < 0 || check_path(text, err) < 0)
		return -1;
	return set_path(value, text, err);
}

int setting_parse_mounts(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	(void)words;
	value->word = NO_WORD;
	return bind_list_parse(text, BIND_SPEC_IMAGES, &value->binds, err);
}

int setting_parse_overlays(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	(void)words;
	value->word = NO_WORD;
	return overlay_list_parse(text, &value->overlays, err);
}

/* --- other lists ---------------------------------------------------------- */

int setting_parse_binds(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	(void)words;
	value->word = NO_WORD;
	return bind_list_parse(text, BIND_SPEC_USER, &value->binds, err);
}

static bool is_name(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!(text[i] == '_' || (text[i] >= 'A' && text[i] <= 'Z') ||
			    (text[i] >= 'a' && text[i] <= 'z') ||
			    (i > 0 && text[i] >= '0' && text[i] <= '9')))
			return false;
	return length > 0;
}

int setting_parse_env(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	const char *item;
	size_t i;

	(void)words;
	value->word = NO_WORD;
	if (item_list_parse(text, &value->items, err) < 0)
		return -1;
	for (i = 0; i < value->items.count; i++) {
		item = value->items.items[i];
		if (!is_name(item, strcspn(item, "=")))
			return error_set(err, 0,
				"'%s' is not NAME or NAME=VALUE: a name has "
				"letters, digits and _ only (a comma in a "
				"value is written \\,)",
				item);
	}
	return 0;
}

/* --- sizes and steps ------------------------------------------------------ */

int setting_parse_writable(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	const char *size = strncmp(text, "yes,", 4) == 0 ? text + 4 : text;

	/* 1 is yes, not a size. */
	if (set_word(value, text, words))
		return 0;
	value->word = WORD_YES;
	if (memory_size_parse(size, &value->size))
		return 0;
	return error_set(err, 0,
		"'%s' is neither no nor yes nor yes,SIZE (a number with k, m, "
		"g or %% after it, or of MiB)",
		text);
}

int setting_parse_step(const char *text, unsigned int words,
	struct setting_value *value, struct error *err)
{
	if (set_word(value, text, words))
		return 0;
	value->has_step = step_id_parse(text, &value->step);
	if (value->has_step)
		return 0;
	return error_set(err, 0,
		"'%s' is not the id of a step, such as 7.0 (scontrol show "
		"step 7 lists those of job 7)",
		text);
}
