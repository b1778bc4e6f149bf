/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands that set variables:
 *
 *   export NAME="${NAME:-"value"}"      export NAME=value OTHER='value'
 *   NAME="/opt/bin:$PATH"               export NAME OTHER
 *   unset NAME                          declare -x NAME=value
 *   NAME+=:/opt/bin                     source /opt/setup.sh
 *
 * "+=", declare and source are bash's, and are read as bash and Apptainer's
 * shell read them.  A shell's own variables are set like all others, but each
 * shell may treat them in its own way, so the result is ambiguous.
 */
#include <string.h>

#include "spank/plugin/environment/variables/names.h"
#include "spank/plugin/environment/sh/source.h"
#include "spank/plugin/environment/sh/statement.h"

#define VALUES_SUM_MAX ENVIRONMENT_SIZE_MAX

static bool accept_equals(struct environment_text *text, bool *ret_appends)
{
	*ret_appends =
		text->end - text->at >= 2 && memcmp(text->at, "+=", 2) == 0;
	if (!*ret_appends && environment_text_peek(text) != '=')
		return false;
	text->at += *ret_appends ? 2 : 1;
	return true;
}

/* Parse NAME=WORD or NAME+=WORD; `value` becomes the whole new value. */
static bool parse_assignment(struct environment_reader *reader,
	struct environment_text *text, char name[ENVIRONMENT_WORD_NAME_SIZE],
	struct environment_word *value)
{
	const char *now;
	bool appends;

	if (!environment_word_parse_name(text, name) ||
		!accept_equals(text, &appends) ||
		!environment_word_parse(reader, text, value))
		return false;
	reader->ambiguities += value->is_ambiguous;
	now = appends ? environment_word_look_up(reader, name) : NULL;
	return !now || environment_word_prepend(value, now);
}

/* The following return 1; 0 if the text is not plain; -1 on failure. */

static int assign_variable(struct environment_reader *reader, const char *name,
	const char *value, bool is_export, struct error *err)
{
	size_t length = strlen(value);
	bool is_exported = environment_entry(&reader->exported, name);

	if (length > VALUES_SUM_MAX - reader->written)
		return 0;
	reader->written += length;
	reader->ambiguities += environment_name_is_shell(name);
	return environment_set(is_export || is_exported ? &reader->exported
							: &reader->locals,
		       name, value, ENVIRONMENT_IMAGE, err) < 0
		       ? -1
		       : 1;
}

/* A variable without a value is exported once it gets one. */
static int export_name(struct environment_reader *reader, const char *name,
	struct error *err)
{
	reader->ambiguities += environment_name_is_shell(name);
	return environment_set(&reader->exported, name,
		       environment_word_look_up(reader, name),
		       ENVIRONMENT_IMAGE, err) < 0
		       ? -1
		       : 1;
}

static void unset_name(struct environment_reader *reader, const char *name)
{
	/* Shells differ if they have no PATH, or no prompt. */
	reader->ambiguities += environment_name_is_shell(name) ||
			       strcmp(name, "PATH") == 0 ||
			       strcmp(name, "PS1") == 0;
	environment_remove(&reader->exported, name);
	environment_remove(&reader->locals, name);
}

/* Add one word after `export` or `unset` to the list. */
static int parse_item(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct environment *items, struct error *err)
{
	const struct environment_text word = *text;
	char name[ENVIRONMENT_WORD_NAME_SIZE];
	const char *bytes = NULL;

	if (!environment_word_parse_name(text, name))
		return 0;
	if (environment_text_peek(text) == '=' ||
		environment_text_peek(text) == '+') {
		*text = word;
		if (!parse_assignment(reader, text, name, value))
			return 0;
		bytes = value->bytes;
		/* Old shells split it like an argument of a program. */
		reader->ambiguities +=
			value->is_bare && strpbrk(bytes, "\t\n *?[\\");
	} else if (!environment_text_is_at_word_end(text)) {
		return 0;
	} else if (environment_entry(items, name)) {
		return 1;
	}
	return environment_set(items, name, bytes, ENVIRONMENT_IMAGE, err) < 0
		       ? -1
		       : 1;
}

/* Parse all before any is set: each is expanded before the first is set, and a
 * pipe may follow, which would make this a command of a child process. */
static int parse_items(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct environment *items, struct error *err)
{
	int taken = 1;

	while (taken == 1 && !environment_text_accept_end(text))
		taken = parse_item(reader, text, value, items, err);
	return taken;
}

static int execute_export(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment items = { .count = 0 };
	int taken = parse_items(reader, text, value, &items, err);
	const struct environment_entry *item = items.entries;
	size_t i;

	for (i = 0; taken == 1 && i < items.count; i++, item++)
		taken = item->value ? assign_variable(reader, item->name,
					      item->value, true, err)
				    : export_name(reader, item->name, err);
	return taken;
}

static int execute_unset(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	CLEANUP_ENVIRONMENT struct environment items = { .count = 0 };
	int taken = parse_items(reader, text, value, &items, err);
	size_t i;

	for (i = 0; i < items.count; i++)
		if (items.entries[i].value)
			return 0;
	for (i = 0; taken == 1 && i < items.count; i++)
		unset_name(reader, items.entries[i].name);
	return taken;
}

static int execute_source(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	environment_text_skip_blanks(text);
	if (!environment_word_parse(reader, text, value) || value->is_bare ||
		value->is_ambiguous || !environment_text_accept_end(text))
		return 0;
	return environment_source_read(reader, value->bytes, err);
}

static bool accept_declare(struct environment_text *text)
{
	if (!environment_text_accept_keyword(text, "declare") &&
		!environment_text_accept_keyword(text, "typeset"))
		return false;
	environment_text_skip_blanks(text);
	return environment_text_accept_keyword(text, "-x");
}

int environment_statement_execute(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	struct error *err)
{
	struct environment_text after = *text;
	char name[ENVIRONMENT_WORD_NAME_SIZE];

	if (environment_text_accept_keyword(text, "export"))
		return execute_export(reader, text, value, err);
	if (accept_declare(&after)) {
		*text = after;
		return execute_export(reader, text, value, err);
	}
	if (environment_text_accept_keyword(text, ".") ||
		environment_text_accept_keyword(text, "source"))
		return execute_source(reader, text, value, err);
	if (environment_text_accept_keyword(text, "unset"))
		return execute_unset(reader, text, value, err);
	if (environment_text_accept_keyword(text, "return") ||
		environment_text_accept_keyword(text, "exit")) {
		/* A status may follow, and what it ends depends on the shell.
		 */
		reader->has_ended = true;
		reader->ambiguities++;
		return 1;
	}
	/* NAME=VALUE before a command is valid for that command only. */
	if (!parse_assignment(reader, text, name, value) ||
		!environment_text_accept_end(text))
		return 0;
	return assign_variable(reader, name, value->bytes, false, err);
}
