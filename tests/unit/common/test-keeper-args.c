/* SPDX-License-Identifier: BSD-3-Clause */
/* The keeper's arguments; test-server-args.c has the cases of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/keeper_args.h"

static struct keeper_args parsed;
static struct error err;

static int parse(char *first, char *second)
{
	char *words[] = { "keeper", first, second, NULL };

	memset(&parsed, 0, sizeof(parsed));
	return keeper_args_parse(words, &parsed, &err);
}

static void what_is_printed_is_parsed(void **state)
{
	static const struct keeper_args args = { 30, "/run/a = b" };
	struct keeper_argv argv;

	(void)state;
	keeper_args_print(&args, "keeper", &argv);
	assert_string_equal(argv.words[0], "keeper");
	assert_string_equal(argv.words[1], "timeout=30");
	assert_string_equal(argv.words[2], "mountpoint=/run/a = b");
	assert_null(argv.words[3]);
	assert_int_equal(keeper_args_parse(argv.words, &parsed, &err), 0);
	assert_int_equal(parsed.timeout_s, 30);
	assert_string_equal(parsed.mountpoint, "/run/a = b");
}

static void anything_else_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse("mountpoint=/m", "timeout=1"), 0);
	assert_int_equal(parse("30", "/m"), -1);
	assert_string_equal(err.text, "there is no argument '30'");
	assert_int_equal(parse("timeout=30s", "mountpoint=/m"), -1);
	assert_string_equal(err.text,
		"the argument 'timeout=30s' has a value that is not allowed");
	assert_int_equal(parse("timeout=0", "mountpoint=/m"), -1);
	assert_int_equal(parse("timeout=30", NULL), -1);
	assert_string_equal(err.text, "the argument 'mountpoint=' is missing");
	assert_int_equal(parse("mountpoint=/m", "mountpoint=/m"), -1);
	assert_null(parsed.mountpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_parsed),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests_name("keeper_args", tests, NULL, NULL);
}
