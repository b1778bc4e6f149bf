/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conditions of shell scripts: `[` and `test` with two or three arguments and
 * an optional "!", as POSIX defines them ("test - evaluate expression"), and
 * bash's `[[` with the same.  Operands of `[` that look like an operator are
 * refused, because old shells treat them as one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "spank/plugin/environment/sh/condition.h"

/* The condition that is being parsed. */
struct test {
	const struct environment_reader *reader;
	struct environment_text *text;
	struct environment_word *value;
	bool is_bash; /* [[ */
};

/* An unquoted parameter may become any number of words.  In `[[` it is always
 * one, but it is a pattern if `is_pattern`. */
static bool parse_operand(const struct test *test, bool is_pattern)
{
	const struct environment_word *value = test->value;
	const char *start;

	environment_text_skip_blanks(test->text);
	start = test->text->at;
	if (!environment_word_parse(test->reader, test->text, test->value) ||
		test->text->at == start || value->is_ambiguous)
		return false;
	if (value->is_bare && (!test->is_bash || is_pattern))
		return false;
	return test->is_bash || !*value->bytes ||
	       !strchr("-!()=<>[]", *value->bytes);
}

static bool parse_operator(const struct test *test, const char *operator)
{
	environment_text_skip_blanks(test->text);
	return environment_text_accept_keyword(test->text, operator);
}

static bool evaluate_comparison(const struct test *test, bool *ret_is_true)
{
	CLEANUP_FREE char *left = NULL;
	bool is_equality;

	if (!parse_operand(test, false))
		return false;
	left = strdup(test->value->bytes);
	is_equality = parse_operator(test, "=") || parse_operator(test, "==");
	if (!left || (!is_equality && !parse_operator(test, "!=")) ||
		!parse_operand(test, true))
		return false;
	*ret_is_true = (strcmp(left, test->value->bytes) == 0) == is_equality;
	return true;
}

/* One of -d, -e, -f, -s, -L and -h.  A relative path depends on the directory
 * in which a shell would start. */
static bool test_file(char operator, const char * path, bool *ret_is_true)
{
	struct stat status;
	bool is_link = operator== 'L' || operator== 'h';
	int result;

	if (path[0] != '/')
		return false;
	result = is_link ? lstat(path, &status) : stat(path, &status);
	if (result < 0 && errno != ENOENT && errno != ENOTDIR)
		return false;
	*ret_is_true =
		result == 0 &&
		(operator== 'e' ||(operator== 'd' && S_ISDIR(status.st_mode)) ||
			(operator== 'f' && S_ISREG(status.st_mode)) ||
			(operator== 's' && status.st_size> 0) ||
			(is_link && S_ISLNK(status.st_mode)));
	return true;
}

static bool evaluate_expression(const struct test *test, bool *ret_is_true)
{
	static const char *const operators[] = { "-z", "-n", "-d", "-e", "-f",
		"-s", "-L", "-h", NULL };
	const char *const *operator;

	for (operator= operators; *operator; operator++)
		if (parse_operator(test, *operator))
			break;
	if (!*operator)
		return evaluate_comparison(test, ret_is_true);
	if (!parse_operand(test, false))
		return false;
	if (strchr("zn", (*operator)[1])) {
		*ret_is_true = (*test->value->bytes == '\0') ==
			       ((*operator)[1] == 'z');
		return true;
	}
	return test_file((*operator)[1], test->value->bytes, ret_is_true);
}

bool environment_condition_evaluate(const struct environment_reader *reader,
	struct environment_text *text, struct environment_word *value,
	bool *ret_is_true)
{
	struct test test = { .reader = reader, .text = text, .value = value };
	bool has_bracket = parse_operator(&test, "["), is_negated;

	test.is_bash = !has_bracket && parse_operator(&test, "[[");
	if (!has_bracket && !test.is_bash && !parse_operator(&test, "test"))
		return false;
	is_negated = parse_operator(&test, "!");
	if (!evaluate_expression(&test, ret_is_true))
		return false;
	if ((has_bracket && !parse_operator(&test, "]")) ||
		(test.is_bash && !parse_operator(&test, "]]")))
		return false;
	*ret_is_true = *ret_is_true != is_negated;
	return environment_text_accept_end(text);
}
