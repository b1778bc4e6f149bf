/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conditions of shell scripts: what `[` and `test` make of a text, as POSIX has
 * it for two and three arguments ("test - evaluate expression").  Operands that
 * look like an operator are refused: old shells take them for one.
 */
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/environment_test.h"

/* A parameter outside of quotes may be any number of words. */
static bool take_operand(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value)
{
	const char *start;

	environment_text_skip_blanks(text);
	start = text->at;
	if (!environment_word_take(reader, text, value) || text->at == start)
		return false;
	return !value->is_bare && !value->is_doubtful &&
	       (!*value->bytes || !strchr("-!()=<>[]", *value->bytes));
}

static bool take_operator(struct environment_text *text, const char *yes,
	const char *no, bool *ret_is_yes)
{
	environment_text_skip_blanks(text);
	*ret_is_yes = environment_text_take_keyword(text, yes);
	return *ret_is_yes || environment_text_take_keyword(text, no);
}

static bool take_comparison(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool *ret_is_true)
{
	CLEANUP_FREE char *left = NULL;
	bool is_equality;

	if (!take_operand(reader, text, value))
		return false;
	left = strdup(value->bytes);
	if (!left || !take_operator(text, "=", "!=", &is_equality) ||
		!take_operand(reader, text, value))
		return false;
	*ret_is_true = (strcmp(left, value->bytes) == 0) == is_equality;
	return true;
}

static bool take_expression(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool *ret_is_true)
{
	bool is_zero;

	if (!take_operator(text, "-z", "-n", &is_zero))
		return take_comparison(reader, text, value, ret_is_true);
	if (!take_operand(reader, text, value))
		return false;
	*ret_is_true = (*value->bytes == '\0') == is_zero;
	return true;
}

bool environment_test_take(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool *ret_is_true)
{
	bool has_bracket;

	if (!take_operator(text, "[", "test", &has_bracket) ||
		!take_expression(reader, text, value, ret_is_true))
		return false;
	environment_text_skip_blanks(text);
	if (has_bracket && !environment_text_take_keyword(text, "]"))
		return false;
	return environment_text_take_end(text);
}
