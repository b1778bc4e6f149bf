/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists as text, and in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/settings/item_list.h"
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

static void items_are_unescaped_and_escaped_again(void **state)
{
	static const char *const texts[] = { "", "a", "a,b", "a\\,b,c", "\\,",
		"a\\b,c", "a\\\\,b" };
	struct error err = { 0 };
	struct item_list list;
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(item_list_parse(texts[i], &list, &err), 0);
		text = item_list_print(&list);
		assert_string_equal(text, texts[i]);
		free(text);
		item_list_free(&list);
	}
	assert_int_equal(item_list_parse("a\\,b,c", &list, &err), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "a,b");
	assert_string_equal(list.items[1], "c");
	assert_null(list.items[2]);
	item_list_free(&list);
	assert_int_equal(item_list_parse("a,,b", &list, &err), -1);
}

static void a_copy_is_the_same_and_appending_moves(void **state)
{
	struct item_list list = { .count = 0 }, more, copy;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(item_list_parse("a,b", &more, &err), 0);
	assert_int_equal(item_list_copy(&more, &copy), 0);
	assert_int_equal(item_list_append(&list, &more), 0);
	assert_int_equal(more.count, 0);
	assert_int_equal(item_list_append(&list, &more), 0);
	assert_int_equal(item_list_append(&list, &copy), 0);
	assert_int_equal(list.count, 4);
	assert_string_equal(list.items[2], "a");
	assert_null(list.items[4]);
	item_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_item_is_refused),
		cmocka_unit_test(gaps_are_closed),
		cmocka_unit_test(items_are_unescaped_and_escaped_again),
		cmocka_unit_test(a_copy_is_the_same_and_appending_moves),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
