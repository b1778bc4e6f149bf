/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of plugstack.conf arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/arguments.h"

static void no_words_are_the_defaults(void **state)
{
	struct arguments arguments = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(arguments_parse(0, NULL, &arguments, &err), 0);
	assert_int_equal(arguments.timeout_s, ARGUMENTS_TIMEOUT_DEFAULT_S);
	assert_int_equal(arguments.cache_mib, ARGUMENTS_CACHE_DEFAULT_MIB);
	assert_int_equal(arguments.threads, 0);
	assert_string_equal(err.text, "");
}

static void the_last_value_wins(void **state)
{
	char *words[] = { "timeout=5", "cache=1", "timeout=600", "cache=512",
		"threads=8" };
	struct arguments arguments = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(arguments_parse(5, words, &arguments, &err), 0);
	assert_int_equal(arguments.timeout_s, 600);
	assert_int_equal(arguments.cache_mib, 512);
	assert_int_equal(arguments.threads, 8);
}

static void a_bad_word_is_named(void **state)
{
	char *bad[] = { "timeout=", "timeout=0", "timeout=601", "timeout=5s",
		"timeout=-1", "timeout=99999999999999999999", "timeout",
		"Timeout=5", "cash=1", "cache=0", "cache=513", "cache=1M",
		"threads=0", "threads=9", "threads=" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char *words[] = { "timeout=5", bad[i] };
		struct arguments arguments = { 0 };
		struct error err = { 0 };

		assert_int_equal(arguments_parse(2, words, &arguments, &err),
			-1);
		assert_non_null(strstr(err.text, bad[i]));
		assert_int_equal(arguments.timeout_s,
			ARGUMENTS_TIMEOUT_DEFAULT_S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_words_are_the_defaults),
		cmocka_unit_test(the_last_value_wins),
		cmocka_unit_test(a_bad_word_is_named),
	};

	return cmocka_run_group_tests_name("arguments", tests, NULL, NULL);
}
