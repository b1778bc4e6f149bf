/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of layers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/settings/overlay_list.h"

static struct overlay_list parse(const char *text)
{
	struct overlay_list list = { .count = 0 };
	struct error err = { 0 };

	if (overlay_list_parse(text, &list, &err) < 0)
		fail_msg("'%s' refused: %s", text, err.text);
	return list;
}

static void assert_overlay(const struct overlay_list *list, size_t i,
	const char *path, bool read_only)
{
	assert_true(i < list->count);
	assert_string_equal(list->items[i].path, path);
	assert_int_equal(list->items[i].is_read_only, read_only);
}

static void assert_wrong(const char *text, const char *sentence)
{
	struct overlay_list list = { .count = 7 };
	struct error err = { 0 };

	if (overlay_list_parse(text, &list, &err) == 0)
		fail_msg("'%s' was taken", text);
	assert_string_equal(err.text, sentence);
	assert_int_equal(list.count, 7);
}

static void assert_printed(const struct overlay_list *list, const char *text)
{
	char *printed = overlay_list_print(list);

	assert_string_equal(printed, text);
	free(printed);
}

static void layers_and_their_options(void **state)
{
	struct overlay_list list = parse("a.ext3,/b.sqf:ro,~/$C:rw");

	(void)state;
	assert_int_equal(list.count, 3);
	assert_overlay(&list, 0, "a.ext3", false);
	assert_overlay(&list, 1, "/b.sqf", true);
	assert_overlay(&list, 2, "~/$C", false);
	assert_true(list.items[2].is_writable);
	assert_false(list.items[0].is_writable || list.items[1].is_writable);
	assert_printed(&list, "a.ext3,/b.sqf:ro,~/$C:rw");
	overlay_list_free(&list);
	list = parse("");
	assert_int_equal(list.count, 0);
	overlay_list_free(&list);
}

static void a_printed_list_parses_to_the_same(void **state)
{
	struct overlay_list list = parse("/a\\:b\\,c\\\\:ro,/d\\:ro"), again;
	char *printed = overlay_list_print(&list);

	(void)state;
	assert_overlay(&list, 0, "/a:b,c\\", true);
	assert_overlay(&list, 1, "/d:ro", false);
	assert_string_equal(printed, "/a\\:b\\,c\\\\:ro,/d\\:ro");
	again = parse(printed);
	assert_overlay(&again, 0, "/a:b,c\\", true);
	assert_overlay(&again, 1, "/d:ro", false);
	free(printed);
	overlay_list_free(&list);
	overlay_list_free(&again);
}

static void each_mistake_has_a_sentence(void **state)
{
	(void)state;
	assert_wrong("/a,,/b",
		"'/a,,/b' has an empty item: remove the comma next to it, or "
		"write \\, for a comma in a name or value");
	assert_wrong("/a,:ro", "':ro': a path is missing");
	assert_wrong("/a:/b",
		"'/a:/b': '/b' is not an option of a layer (ro, rw); a colon "
		"in a path is written \\:");
	assert_wrong("/a:ro:rw",
		"'/a:ro:rw': 'ro:rw' is not an option of a layer (ro, rw); a "
		"colon in a path is written \\:");
	assert_wrong("/a:",
		"'/a:': '' is not an option of a layer (ro, rw); a colon in a "
		"path is written \\:");
	assert_wrong("env.ext3,ro",
		"'ro': the option follows its path after a colon, as in "
		"env.ext3:ro; write ./ro if it is a file");
	assert_wrong("docker://debian:12",
		"'docker://debian:12' is not an image file, and nothing is "
		"pulled when a job starts: run 'apptainer pull image.sif "
		"docker://debian:12' once, and give that file");
}

static void a_list_grows_and_is_copied(void **state)
{
	struct overlay_list list = parse("/a"), more = parse("/b:ro,/c"), copy;

	(void)state;
	assert_int_equal(overlay_list_append(&list, &more), 0);
	assert_int_equal(more.count, 0);
	assert_int_equal(overlay_list_copy(&list, &copy), 0);
	overlay_list_free(&list);
	assert_printed(&copy, "/a,/b:ro,/c");
	overlay_list_free(&copy);
}

/* Whatever a lower one has, the uppermost has, too, and it is asked first. */
static void of_equal_layers_the_uppermost_stays(void **state)
{
	struct overlay_list list = parse("/a:ro,/b:ro,/a,/c,/b:ro,/b:ro");

	(void)state;
	overlay_list_merge(&list);
	assert_printed(&list, "/a,/c,/b:ro");
	overlay_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_and_their_options),
		cmocka_unit_test(a_printed_list_parses_to_the_same),
		cmocka_unit_test(each_mistake_has_a_sentence),
		cmocka_unit_test(a_list_grows_and_is_copied),
		cmocka_unit_test(of_equal_layers_the_uppermost_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
