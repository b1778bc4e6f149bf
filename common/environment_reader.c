/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an image's scripts export, where the image has no shell to run them.
 * Reads what builders of images write:
 *
 *   export NAME="${NAME:-"value"}"      export NAME=value OTHER='value'
 *   NAME="/opt/bin:$PATH"               export NAME OTHER
 *   unset NAME
 *
 * A line with more than that is skipped; so is what lies between `if` and `fi`
 * and their like, since half of a condition would be worse than nothing.  A
 * here-document ends the file.
 *
 * The text is the image's, and hostile: it is never executed, and the sum of
 * all values has a limit, or a few lines of A="$A$A" would fill the memory.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/environment_reader.h"
#include "common/environment_skip.h"
#include "common/environment_word.h"

#define VALUES_SUM_MAX ENVIRONMENT_SIZE_MAX

static void skip_blanks(struct environment_text *text)
{
	for (;; text->at++) {
		if (text->end - text->at >= 2 && text->at[0] == '\\' &&
			text->at[1] == '\n')
			text->at++;
		else if (environment_text_peek(text) != ' ' &&
			 environment_text_peek(text) != '\t')
			return;
	}
}

static void skip_comment(struct environment_text *text)
{
	while (!environment_text_is_at_end(text) && *text->at != '\n')
		text->at++;
}

/* Nothing more to come of the statement; takes its separator. */
static bool take_end(struct environment_text *text)
{
	skip_blanks(text);
	if (environment_text_peek(text) == '#')
		skip_comment(text);
	if (environment_text_is_at_end(text))
		return true;
	if (*text->at != '\n' && *text->at != ';')
		return false;
	text->at++;
	/* ";;" is no end of a statement that stands for itself. */
	return text->at[-1] == '\n' || environment_text_peek(text) != ';';
}

/* NAME=WORD */
static bool take_assignment(const struct environment_reader *reader,
	struct environment_text *text, char name[ENVIRONMENT_WORD_NAME_SIZE],
	struct environment_word *value)
{
	if (!environment_word_take_name(text, name) ||
		environment_text_peek(text) != '=')
		return false;
	text->at++;
	return environment_word_take(reader, text, value);
}

/* The following return 1; 0 if it is not plain; -1 on failure. */

static int assign(struct environment_reader *reader, const char *name,
	const char *value, bool is_export, struct error *err)
{
	size_t length = strlen(value);
	bool is_exported = environment_entry(&reader->exported, name);

	if (length > VALUES_SUM_MAX - reader->written)
		return 0;
	reader->written += length;
	return environment_set(is_export || is_exported ? &reader->exported
							: &reader->locals,
		       name, value, ENVIRONMENT_IMAGE, err) < 0
		       ? -1
		       : 1;
}

/* Without a value, it is exported once it gets one. */
static int export_name(struct environment_reader *reader, const char *name,
	struct error *err)
{
	return environment_set(&reader->exported, name,
		       environment_word_look_up(reader, name),
		       ENVIRONMENT_IMAGE, err) < 0
		       ? -1
		       : 1;
}

/* A word after `export` or `unset`: into the list, without a value if it has
 * none. */
static int take_item(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct environment *items, struct error *err)
{
	const struct environment_text word = *text;
	char name[ENVIRONMENT_WORD_NAME_SIZE];
	const char *bytes = NULL;

	if (!environment_word_take_name(text, name))
		return 0;
	if (environment_text_peek(text) == '=') {
		*text = word;
		if (!take_assignment(reader, text, name, value))
			return 0;
		bytes = value->bytes;
	} else if (!environment_word_is_at_end(text)) {
		return 0;
	} else if (environment_entry(items, name)) {
		return 1;
	}
	return environment_set(items, name, bytes, ENVIRONMENT_IMAGE, err) < 0
		       ? -1
		       : 1;
}

/* All of them or none, for what follows may be a pipe, and then this a child's;
 * and all are expanded before the first is set. */
static int take_items(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct environment *items, struct error *err)
{
	int taken = 1;

	while (taken == 1 && !take_end(text))
		taken = take_item(reader, text, value, items, err);
	return taken;
}

static int take_export(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment items = { .count = 0 };
	int taken = take_items(reader, text, value, &items, err);
	const struct environment_entry *item = items.entries;
	size_t i;

	for (i = 0; taken == 1 && i < items.count; i++, item++)
		taken = item->value ? assign(reader, item->name, item->value,
					      true, err)
				    : export_name(reader, item->name, err);
	return taken;
}

static int take_unset(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment items = { .count = 0 };
	int taken = take_items(reader, text, value, &items, err);
	size_t i;

	for (i = 0; i < items.count; i++)
		if (items.entries[i].value)
			return 0;
	for (i = 0; taken == 1 && i < items.count; i++) {
		environment_remove(&reader->exported, items.entries[i].name);
		environment_remove(&reader->locals, items.entries[i].name);
	}
	return taken;
}

static bool take_word(struct environment_text *text, const char *word)
{
	struct environment_text after = { text->at + strlen(word), text->end };

	if ((size_t)(text->end - text->at) < strlen(word) ||
		memcmp(text->at, word, strlen(word)) != 0 ||
		!environment_word_is_at_end(&after))
		return false;
	*text = after;
	return true;
}

static int take_statement(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	char name[ENVIRONMENT_WORD_NAME_SIZE];

	if (take_end(text))
		return 1;
	if (take_word(text, "export"))
		return take_export(reader, text, value, err);
	if (take_word(text, "unset"))
		return take_unset(reader, text, value, err);
	if (take_word(text, "return") || take_word(text, "exit")) {
		text->at = text->end;
		return 1;
	}
	/* NAME=VALUE before a command is that command's alone. */
	if (!take_assignment(reader, text, name, value) || !take_end(text))
		return 0;
	return assign(reader, name, value->bytes, false, err);
}

int environment_reader_read(struct environment_reader *reader, const char *text,
	size_t length, struct error *err)
{
	CLEANUP_FREE char *bytes = malloc(ENVIRONMENT_WORD_MAX + 1);
	struct environment_word value = { .bytes = bytes };
	struct environment_text rest = { text, text + length };
	const char *start;
	int depth = 0, taken;

	if (!bytes)
		return error_set(err, ENOMEM, "cannot make the environment");
	if (length > ENVIRONMENT_READER_FILE_MAX)
		rest.end = text + ENVIRONMENT_READER_FILE_MAX;
	while (!environment_text_is_at_end(&rest)) {
		start = rest.at;
		taken = depth > 0 ? 0
				  : take_statement(reader, &rest, &value, err);
		if (taken < 0)
			return -1;
		if (taken > 0)
			continue;
		reader->skipped++;
		rest.at = environment_skip_line(start, rest.end, &depth);
	}
	return 0;
}

void environment_reader_free(struct environment_reader *reader)
{
	environment_free(&reader->exported);
	environment_free(&reader->locals);
}
