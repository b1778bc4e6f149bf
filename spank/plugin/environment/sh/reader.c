/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finds out what an image's scripts export, without a shell.  Understands what
 * image builders write and what authors usually add: assignments, exports,
 * sourced files (statement.c), and
 *
 *   if [ -z "$NAME" ]; then ... elif [[ $NAME == value ]]; then ... else ... fi
 *   if [ -d /opt/tool ]; then ... fi
 *
 * The branch that is not taken may have any simple commands (syntax.c).
 *
 * Any other line is skipped.  If a condition is not understood, everything from
 * `if` to `fi` is skipped (and so on for loops and functions), since half of it
 * would be worse than nothing.  A here-document ends the file.
 *
 * The text is hostile.  It is never executed, and the sum of all values is
 * limited, because a few lines of A="$A$A" would otherwise fill the memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/sh/condition.h"
#include "spank/plugin/environment/sh/reader.h"
#include "spank/plugin/environment/sh/skip.h"
#include "spank/plugin/environment/sh/statement.h"
#include "spank/plugin/environment/sh/syntax.h"

/* The sum of all values ever set, in bytes, which every execve(2) accepts in
 * addition to the rest of the environment. */
#define CERTAIN_SUM_MAX (64 << 10)

/* The following return 1; 0 if the text is not understood; -1 on failure. */

static int execute_command(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int depth, struct error *err);

/* Count the lines from `start` to the current position. */
static void count_skipped(struct environment_reader *reader, const char *start,
	const struct environment_text *text)
{
	const char *at;

	reader->skipped++;
	for (at = start; at + 1 < text->at; at++)
		reader->skipped += *at == '\n';
}

/* One command of a branch whose syntax has already been checked. */
static int run_command(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int depth, struct error *err)
{
	struct environment_text after = *text;
	const char *start = text->at;
	int taken;

	if (!environment_syntax_skip_command(&after, depth))
		return 0;
	taken = execute_command(reader, text, value, depth, err);
	if (taken == 1 && text->at != after.at)
		reader->ambiguities++;
	*text = after;
	if (taken == 0)
		count_skipped(reader, start, text);
	return taken < 0 ? -1 : 1;
}

static int run_list(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int depth, struct error *err)
{
	int taken = 1;

	environment_text_skip_lines(text);
	while (taken == 1 && !reader->has_ended &&
		!environment_syntax_is_closing(*text)) {
		taken = run_command(reader, text, value, depth, err);
		environment_text_skip_lines(text);
	}
	return taken;
}

static void skip_list(struct environment_text *text, int depth)
{
	environment_text_skip_lines(text);
	while (!environment_syntax_is_closing(*text) &&
		environment_syntax_skip_command(text, depth))
		environment_text_skip_lines(text);
}

/* After "if": run the branch that is taken, if any.  Stops somewhere in it. */
static int run_branches(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int depth, struct error *err)
{
	bool is_true;

	do {
		environment_text_skip_lines(text);
		if (!environment_condition_evaluate(reader, text, value,
			    &is_true))
			return 0;
		environment_text_skip_lines(text);
		if (!environment_text_accept_keyword(text, "then"))
			return 0;
		if (is_true)
			return run_list(reader, text, value, depth, err);
		skip_list(text, depth);
	} while (environment_text_accept_keyword(text, "elif"));
	if (environment_text_accept_keyword(text, "else"))
		return run_list(reader, text, value, depth, err);
	return 1;
}

static int execute_command(struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	int depth, struct error *err)
{
	struct environment_text after = *text;
	int taken;

	if (!environment_text_accept_keyword(text, "if"))
		return environment_statement_execute(reader, text, value, err);
	if (!environment_syntax_skip_command(&after, depth))
		return 0;
	taken = run_branches(reader, text, value, depth + 1, err);
	if (taken == 1)
		*text = after;
	return taken;
}

/* Record the first skipped line, for people. */
static void note_skipped(struct environment_reader *reader, const char *text,
	const char *start)
{
	reader->skipped_file = reader->files;
	reader->skipped_line = 1;
	for (; text < start; text++)
		reader->skipped_line += *text == '\n';
}

int environment_reader_start(struct environment_reader *reader,
	struct environment *start, struct error *err)
{
	const char *prompt = environment_value(start, "PS1");

	reader->exported = environment_take(start);
	if (!prompt)
		return 0;
	if (environment_set(&reader->locals, "PS1", prompt, ENVIRONMENT_IMAGE,
		    err) < 0)
		return -1;
	environment_remove(&reader->exported, "PS1");
	return 0;
}

int environment_reader_read(struct environment_reader *reader, const char *text,
	size_t length, struct error *err)
{
	CLEANUP_FREE char *bytes = malloc(ENVIRONMENT_WORD_MAX + 1);
	struct environment_word value = { .bytes = bytes };
	struct environment_text rest = { text, text + length };
	const char *start;
	int depth = 0, taken;
	size_t before;

	reader->read = environment_reader_read;
	if (!bytes)
		return error_set(err, ENOMEM, "cannot make the environment");
	reader->length += length;
	reader->ambiguities += memchr(text, '\0', length) != NULL;
	if (length > ENVIRONMENT_READER_FILE_MAX)
		rest.end = text + ENVIRONMENT_READER_FILE_MAX;
	reader->has_ended = false;
	environment_text_skip_lines(&rest);
	while (!environment_text_is_at_end(&rest) && !reader->has_ended) {
		start = rest.at;
		before = reader->skipped;
		taken = depth > 0 ? 0
				  : execute_command(reader, &rest, &value, 0,
					    err);
		if (taken < 0)
			return -1;
		if (taken == 0) {
			reader->skipped++;
			rest.at =
				environment_skip_line(start, rest.end, &depth);
		}
		if (before == 0 && reader->skipped > 0 && reader->depth == 0)
			note_skipped(reader, text, start);
		environment_text_skip_lines(&rest);
	}
	reader->files += reader->depth == 0;
	return 0;
}

/* The sum of all files is limited like one file: unlike a shell, the reader has
 * no deadline. */
bool environment_reader_is_ambiguous(const struct environment_reader *reader)
{
	return reader->skipped > 0 || reader->ambiguities > 0 ||
	       reader->length >= ENVIRONMENT_READER_FILE_MAX ||
	       reader->written > CERTAIN_SUM_MAX;
}

bool environment_reader_is_certain(const struct environment_reader *reader)
{
	const char *prompt = environment_value(&reader->locals, "PS1");

	/* Bash does not keep the export of the initial prompt. */
	return !environment_reader_is_ambiguous(reader) &&
	       (!prompt || !*prompt ||
		       environment_entry(&reader->exported, "PS1"));
}

void environment_reader_free(struct environment_reader *reader)
{
	environment_free(&reader->exported);
	environment_free(&reader->locals);
}
