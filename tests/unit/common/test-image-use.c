/* SPDX-License-Identifier: BSD-3-Clause */
/* What the builder says of an image is what the server understands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/image_use.h"

static void assert_round_trip(bool is_data, bool owner_is_user,
	const char *words)
{
	const struct image_use given = { .is_data = is_data,
		.owner_is_user = owner_is_user };
	char text[IMAGE_USE_SIZE];
	struct image_use use;

	image_use_print(&given, text);
	assert_string_equal(text, words);
	memset(&use, 0xff, sizeof(use));
	assert_true(image_use_parse(text, &use));
	assert_int_equal(use.is_data, is_data);
	assert_int_equal(use.owner_is_user, owner_is_user);
}

static void what_is_printed_is_parsed(void **state)
{
	(void)state;
	assert_round_trip(false, false, "use=root owner=image");
	assert_round_trip(true, false, "use=data owner=image");
	assert_round_trip(false, true, "use=root owner=user");
	assert_round_trip(true, true, "use=data owner=user");
}

static void a_part_is_taken_to_the_end(void **state)
{
	static const char *const parts[] = { "/", "/a b", "/ part=/x",
		"/use=root" };
	struct image_use given = { .is_data = true }, use;
	char text[IMAGE_USE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		strcpy(given.part, parts[i]);
		image_use_print(&given, text);
		assert_true(image_use_parse(text, &use));
		assert_string_equal(use.part, parts[i]);
		assert_true(use.is_data);
	}
	memset(given.part, '/', PATH_MAX - 1);
	given.part[PATH_MAX - 1] = '\0';
	image_use_print(&given, text);
	assert_true(image_use_parse(text, &use));
	assert_string_equal(use.part, given.part);
}

static void overlays_are_used_unless_said_otherwise(void **state)
{
	const struct image_use given = { .ignores_overlays = true };
	char text[IMAGE_USE_SIZE];
	struct image_use use;

	(void)state;
	image_use_print(&given, text);
	assert_string_equal(text, "use=root owner=image overlays=ignore");
	assert_true(image_use_parse(text, &use));
	assert_true(use.ignores_overlays);
	assert_true(image_use_parse("use=root owner=image", &use));
	assert_false(use.ignores_overlays);
}

static void nothing_else_is_parsed(void **state)
{
	static const char *const bad[] = { "", "root", "use=root", "owner=user",
		"use=root owner=root", "use=data owner=image ",
		"use=data owner=image more=1", "use=data use=data",
		"use=data owner=user use=data", " use=data owner=user",
		"use=data  owner=user",
		"use=data owner=user part=", "use=data owner=user part=x",
		" part=/x" };
	struct image_use use;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (image_use_parse(bad[i], &use))
			fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_parsed),
		cmocka_unit_test(a_part_is_taken_to_the_end),
		cmocka_unit_test(overlays_are_used_unless_said_otherwise),
		cmocka_unit_test(nothing_else_is_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
