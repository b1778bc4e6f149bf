/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists in words: gaps in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/settings/list.h"

static void an_empty_item_is_refused(void **state)
{
	static const char *const bad[] = { ",", ",,", "a,", ",a", "a,,b",
		"a\\,,", "a\\\\,," };
	static const char *const good[] = { "", "a", "a,b", "\\,", "a\\,",
		"\\,,\\,", "a\\", "a,\\" };
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (list_check(bad[i], &err) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_non_null(strstr(err.text, "has an empty item"));
		assert_non_null(strstr(err.text, bad[i]));
	}
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (list_check(good[i], &err) < 0)
			fail_msg("'%s' refused: %s", good[i], err.text);
}

static void gaps_are_closed(void **state)
{
	static const char *const pairs[][2] = { { "", "" }, { ",", "" },
		{ "a", "a" }, { ",a", "a" }, { "a,", "a" },
		{ ",,a,,b\\,,,c,", "a,b\\,,c" } };
	char list[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		snprintf(list, sizeof(list), "%s", pairs[i][0]);
		list_close_gaps(list);
		assert_string_equal(list, pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_item_is_refused),
		cmocka_unit_test(gaps_are_closed),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
