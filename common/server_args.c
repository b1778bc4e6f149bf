/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One table of the server's arguments, read in both directions.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/server_args.h"

static const struct rule {
	const char *name;
	size_t offset; /* of the long in struct server_args */
	long min, max;
	const char *words[2]; /* the values 0 and 1, if they have names */
} rules[SERVER_ARGS_COUNT - 1] = {
#define FIELD(name) offsetof(struct server_args, name)
	{ "timeout", FIELD(timeout_s), 1, INT_MAX / 1000, { NULL } },
	{ "tasks", FIELD(tasks), 1, UINT32_MAX, { NULL } },
	{ "cache", FIELD(cache_mib), 1, 1L << 20, { NULL } },
	{ "threads", FIELD(threads), 0, 1L << 16, { NULL } },
	{ "uring", FIELD(uring), 0, 1, { "no", "auto" } },
	{ "mount", FIELD(host_mount), 0, 1, { "private", "host" } },
#undef FIELD
};

#define RULES_COUNT (sizeof(rules) / sizeof(*rules))
/* The one argument that is not a number has no rule. */
#define IMAGE_NAME "image"

void server_args_print(const struct server_args *args, const char *program,
	struct server_argv *ret_argv)
{
	/* cppcheck-suppress ctuuninitvar ; an output, and only its address */
	char **word = ret_argv->words;
	size_t i;
	long value;

	*word++ = (char *)program;
	for (i = 0; i < RULES_COUNT; i++) {
		char *text = ret_argv->numbers[i];
		size_t size = sizeof(ret_argv->numbers[i]);

		value = *(const long *)((const char *)args + rules[i].offset);
		if (rules[i].words[0])
			snprintf(text, size, "%s=%s", rules[i].name,
				rules[i].words[value != 0]);
		else
			snprintf(text, size, "%s=%ld", rules[i].name, value);
		*word++ = text;
	}
	snprintf(ret_argv->image, sizeof(ret_argv->image), IMAGE_NAME "=%s",
		args->image);
	*word++ = ret_argv->image;
	*word = NULL;
}

/* What follows "NAME=" in `word`; NULL if that is another argument. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '='
		       ? word + length + 1
		       : NULL;
}

static bool parse_number(const struct rule *rule, const char *text,
	long *ret_value)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' ||
		value < rule->min || value > rule->max)
		return false;
	*ret_value = value;
	return true;
}

static bool parse_value(const struct rule *rule, const char *text,
	long *ret_value)
{
	long i;

	if (!rule->words[0])
		return parse_number(rule, text, ret_value);
	for (i = 0; i < 2; i++)
		if (strcmp(text, rule->words[i]) == 0) {
			*ret_value = i;
			return true;
		}
	return false;
}

/* The number of the argument that `word` gives, and its value; or -1. */
static int find_argument(const char *word, const char **ret_value)
{
	size_t i;

	for (i = 0; i < SERVER_ARGS_COUNT; i++) {
		*ret_value = value_of(word,
			i < RULES_COUNT ? rules[i].name : IMAGE_NAME);
		if (*ret_value)
			return i;
	}
	return -1;
}

static int parse_word(const char *word, bool is_given[SERVER_ARGS_COUNT],
	struct server_args *args, struct error *err)
{
	const char *value;
	int number = find_argument(word, &value);

	if (number < 0)
		return error_set(err, 0, "there is no argument '%s'", word);
	if (is_given[number])
		return error_set(err, 0, "the argument '%s' is given twice",
			word);
	is_given[number] = true;
	if (number == RULES_COUNT)
		args->image = value;
	else if (!parse_value(&rules[number], value,
			 (long *)((char *)args + rules[number].offset)))
		return error_set(err, 0,
			"the argument '%s' has a value that is not allowed",
			word);
	return 0;
}

int server_args_parse(char *const argv[], struct server_args *ret_args,
	struct error *err)
{
	bool is_given[SERVER_ARGS_COUNT] = { false };
	struct server_args args = { .image = NULL };
	size_t i;

	for (i = 1; argv[0] && argv[i]; i++)
		if (parse_word(argv[i], is_given, &args, err) < 0)
			return -1;
	for (i = 0; i < SERVER_ARGS_COUNT; i++)
		if (!is_given[i])
			return error_set(err, 0,
				"the argument '%s=' is missing",
				i < RULES_COUNT ? rules[i].name : IMAGE_NAME);
	*ret_args = args;
	return 0;
}
