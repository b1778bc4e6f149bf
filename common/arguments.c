/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's arguments in plugstack.conf: NAME=VALUE words.  Slurm splits the
 * line at white space and knows no quotes, so a value has neither.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/arguments.h"

static int parse_seconds(const char *word, const char *value, int *ret_seconds,
	struct error *err)
{
	char *end;
	long seconds;

	errno = 0;
	seconds = strtol(value, &end, 10);
	if (errno || end == value || *end || seconds < 1 ||
		seconds > ARGUMENTS_TIMEOUT_MAX_S)
		return error_set(err, 0,
			"plugstack.conf: '%s' is not a whole number of seconds "
			"from 1 to %d",
			word, ARGUMENTS_TIMEOUT_MAX_S);
	*ret_seconds = seconds;
	return 0;
}

static int parse_number(const char *word, const char *value, int max,
	int *ret_number, struct error *err)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < 1 || number > max)
		return error_set(err, 0,
			"plugstack.conf: '%s' is not a whole number from 1 to "
			"%d",
			word, max);
	*ret_number = number;
	return 0;
}

static int parse_word(const char *word, struct arguments *arguments,
	struct error *err)
{
	static const char timeout[] = "timeout=", cache[] = "cache=",
			  threads[] = "threads=";

	if (strncmp(word, timeout, strlen(timeout)) == 0)
		return parse_seconds(word, word + strlen(timeout),
			&arguments->timeout_s, err);
	if (strncmp(word, cache, strlen(cache)) == 0)
		return parse_number(word, word + strlen(cache),
			ARGUMENTS_CACHE_MAX_MIB, &arguments->cache_mib, err);
	if (strncmp(word, threads, strlen(threads)) == 0)
		return parse_number(word, word + strlen(threads),
			ARGUMENTS_THREADS_MAX, &arguments->threads, err);
	return error_set(err, 0,
		"plugstack.conf: unknown argument '%s' (there are: "
		"timeout=SECONDS, cache=MIB, threads=NUMBER)",
		word);
}

int arguments_parse(int argc, char *const argv[],
	struct arguments *ret_arguments, struct error *err)
{
	const struct arguments defaults = {
		.timeout_s = ARGUMENTS_TIMEOUT_DEFAULT_S,
		.cache_mib = ARGUMENTS_CACHE_DEFAULT_MIB,
	};
	struct arguments arguments = defaults;
	int i;

	*ret_arguments = defaults;
	for (i = 0; i < argc; i++)
		if (parse_word(argv[i], &arguments, err) < 0)
			return -1;
	*ret_arguments = arguments;
	return 0;
}
