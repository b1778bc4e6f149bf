/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of binds, and of plain paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/settings/bind_list.h"
#include "spank/plugin/settings/path.h"

static struct bind_list parse(const char *list, enum bind_spec_kind kind)
{
	struct bind_list specs = { .count = 0 };
	struct error err = { 0 };

	if (bind_list_parse(list, kind, &specs, &err) < 0)
		fail_msg("'%s' refused: %s", list, err.text);
	return specs;
}

static void assert_spec(const struct bind_spec *spec, const char *source,
	const char *target, bool read_only)
{
	if (source)
		assert_string_equal(spec->source, source);
	else
		assert_null(spec->source);
	assert_string_equal(spec->target, target);
	assert_int_equal(spec->is_read_only, read_only);
}

static void assert_wrong(const char *list, enum bind_spec_kind kind,
	const char *part)
{
	struct bind_list untouched = { .count = 7 }, specs = untouched;
	struct error err = { 0 };

	if (bind_list_parse(list, kind, &specs, &err) == 0)
		fail_msg("'%s' was taken", list);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
	assert_int_equal(specs.count, untouched.count);
}

static void sources_and_destinations(void **state)
{
	struct bind_list specs = parse("/a,b:/b,/c::ro,~/d:$D", BIND_SPEC_USER);

	(void)state;
	assert_int_equal(specs.count, 4);
	assert_spec(&specs.items[0], "/a", "/a", false);
	assert_spec(&specs.items[1], "b", "/b", false);
	assert_spec(&specs.items[2], "/c", "/c", true);
	assert_spec(&specs.items[3], "~/d", "$D", false);
	bind_list_free(&specs);
	assert_int_equal(specs.count, 0);
}

static void options_after_a_comma_are_of_the_item_before(void **state)
{
	struct bind_list specs =
		parse("/a:/b:rw,ro,/c:/d:ro,rw,/ro", BIND_SPEC_USER);

	(void)state;
	assert_int_equal(specs.count, 3);
	assert_spec(&specs.items[0], "/a", "/b", true);
	assert_spec(&specs.items[1], "/c", "/d", false);
	assert_spec(&specs.items[2], "/ro", "/ro", false);
	bind_list_free(&specs);
	/* After any option, not only after one behind a colon. */
	assert_wrong("/a:/b,ro,nosuid", BIND_SPEC_USER,
		"'/a:/b,nosuid': 'nosuid' cannot be chosen for a bind");
	assert_wrong("/a:/b,rw,id=1", BIND_SPEC_USER,
		"'id=1' is not supported: the partition of an image is found");
}

static void assert_image(const char *list, enum bind_spec_kind kind,
	const char *image_path, bool read_only)
{
	struct bind_list specs = parse(list, kind);

	assert_int_equal(specs.count, 1);
	assert_spec(&specs.items[0], "a.sqsh", "/b", read_only);
	assert_string_equal(specs.items[0].image_path, image_path);
	bind_list_free(&specs);
}

static void parts_of_images(void **state)
{
	(void)state;
	assert_image("a.sqsh:/b:image-src=/", BIND_SPEC_USER, "/", false);
	assert_image("a.sqsh:/b:ro,image-src=/c", BIND_SPEC_USER, "/c", true);
	assert_image("a.sqsh:/b:image-src=/c,ro", BIND_SPEC_USER, "/c", true);
	assert_image("a.sqsh:/b:image-src=/c\\,d\\:e", BIND_SPEC_USER, "/c,d:e",
		false);
	assert_image("a.sqsh:/b:src=/c", BIND_SPEC_IMAGES, "/c", false);
	assert_image("a.sqsh:/b:image-src=/c,ro", BIND_SPEC_IMAGES, "/c", true);
	assert_wrong("a:/b:src=/c", BIND_SPEC_USER, "is not an option");
	assert_wrong("a:/b:image-src=c", BIND_SPEC_USER,
		"the path in the image, 'c', is not absolute");
	assert_wrong("a:/b:image-src=", BIND_SPEC_IMAGES, "is not absolute");
	assert_wrong("a:/b:image-src=/c,rw", BIND_SPEC_USER,
		"an image is read-only");
	assert_wrong("a:/b:rw,image-src=/c", BIND_SPEC_USER,
		"an image is read-only");
	assert_wrong("a:/b:rw", BIND_SPEC_IMAGES, "an image is read-only");
	assert_wrong("a:/b:image-src=/c,id=2", BIND_SPEC_USER,
		"'id=2' is not supported");
	assert_wrong("?a:/b:image-src=/c", BIND_SPEC_USER,
		"an image is never optional");
	assert_wrong("/a:/b:image-src=/c", BIND_SPEC_ADMIN,
		"write mount=IMAGE:DST:src=PATH");
}

static void empty_items_are_refused(void **state)
{
	static const char *const lists[] = { ",", ",/a:/b", "/a:/b,",
		"/a:/b,,/c:/d", "/a:/b:ro,", "/a\\:x:/b," };
	struct bind_list specs;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		assert_wrong(lists[i], BIND_SPEC_USER, "has an empty item");
		assert_wrong(lists[i], BIND_SPEC_ADMIN, "has an empty item");
		assert_wrong(lists[i], BIND_SPEC_IMAGES, "has an empty item");
	}
	assert_wrong("/a:", BIND_SPEC_USER, "the destination is missing");
	assert_wrong("/a:/b:", BIND_SPEC_USER, "'' is not an option");
	specs = parse("/a\\,", BIND_SPEC_USER);
	assert_spec(&specs.items[0], "/a,", "/a,", false);
	bind_list_free(&specs);
	specs = parse("", BIND_SPEC_USER);
	assert_int_equal(specs.count, 0);
	bind_list_free(&specs);
}

static void marks(void **state)
{
	struct bind_list specs = parse("?/a:/b,-/c", BIND_SPEC_USER);

	(void)state;
	assert_true(specs.items[0].is_optional);
	assert_false(specs.items[0].is_fixed);
	assert_spec(&specs.items[0], "/a", "/b", false);
	assert_spec(&specs.items[1], NULL, "/c", false);
	bind_list_free(&specs);
	specs = parse("!/a,?!/b:/c:ro,!?/d", BIND_SPEC_ADMIN);
	assert_true(specs.items[0].is_fixed && !specs.items[0].is_optional);
	assert_true(specs.items[1].is_fixed && specs.items[1].is_optional);
	assert_true(specs.items[2].is_fixed && specs.items[2].is_optional);
	bind_list_free(&specs);
	/* A user's '!' is one of a name. */
	specs = parse("!a:/b", BIND_SPEC_USER);
	assert_spec(&specs.items[0], "!a", "/b", false);
	assert_false(specs.items[0].is_fixed);
	bind_list_free(&specs);
}

static void further_images(void **state)
{
	struct bind_list specs =
		parse("a.sif:/a,b\\:1.sqsh:/b", BIND_SPEC_IMAGES);

	(void)state;
	assert_spec(&specs.items[0], "a.sif", "/a", false);
	assert_spec(&specs.items[1], "b:1.sqsh", "/b", false);
	bind_list_free(&specs);
	assert_wrong("a.sif", BIND_SPEC_IMAGES, "IMAGE:DST");
	assert_wrong("a.sif:", BIND_SPEC_IMAGES, "IMAGE:DST");
	assert_wrong("a.sif::src=/a", BIND_SPEC_IMAGES, "IMAGE:DST");
	assert_wrong("a.sif:/a,nosuid", BIND_SPEC_IMAGES, "IMAGE:DST");
	assert_wrong(":/a", BIND_SPEC_IMAGES, "source");
}

static void wrong_items_are_named(void **state)
{
	(void)state;
	assert_wrong("/a,:/b", BIND_SPEC_USER, "':/b': the source is missing");
	assert_wrong("/a:b", BIND_SPEC_USER, "the destination 'b'");
	assert_wrong("/a:/b:rx", BIND_SPEC_USER, "'rx' is not an option");
	assert_wrong("/a:/b:ro:rw", BIND_SPEC_USER, "'ro:rw'");
	assert_wrong("-/b,ro", BIND_SPEC_USER, "'ro' follows '-/b'");
	assert_wrong("/a:/b:id=1", BIND_SPEC_USER, "is not supported");
	assert_wrong("/", BIND_SPEC_USER, "root of the image");
	assert_wrong("/a://", BIND_SPEC_USER, "root of the image");
	assert_wrong("/a:/./..", BIND_SPEC_USER, "root of the image");
	assert_wrong("/.", BIND_SPEC_USER, "root of the image");
	assert_wrong("/a/..", BIND_SPEC_USER, "root of the image");
	assert_wrong("/a:/b/..", BIND_SPEC_ADMIN, "root of the image");
	assert_wrong("-", BIND_SPEC_USER, "the destination is missing");
	assert_wrong("a", BIND_SPEC_ADMIN, "the destination 'a'");
}

static void options_of_other_runtimes_are_named(void **state)
{
	static const char *const lists[] = { "/a:/b:nosuid", "/a:/b:rw,nosuid",
		"/c:/d,/a:/b:ro,rw,rbind,nodev", "/a:/b:z", "/a:/b:ro,Z",
		"/a:/b:x-create=dir+ro", "/a:/b:ro+noexec" };
	struct bind_list specs;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		assert_wrong(lists[i], BIND_SPEC_USER,
			"cannot be chosen for a bind");
	assert_wrong("/a:/b:rw,nosuid", BIND_SPEC_USER,
		"'/a:/b:rw,nosuid': 'nosuid' cannot");
	assert_wrong("/a:/b:ro,id=3", BIND_SPEC_USER, "is not supported");
	/* Without an option before them, they are directories. */
	specs = parse("/a,shared,/b:/c,z,/d:/e:ro,./dev,private,/f:/g:ro,"
		      "x-y:/h,z/z",
		BIND_SPEC_USER);
	assert_int_equal(specs.count, 10);
	assert_spec(&specs.items[1], "shared", "shared", false);
	assert_spec(&specs.items[3], "z", "z", false);
	assert_spec(&specs.items[5], "./dev", "./dev", false);
	assert_spec(&specs.items[6], "private", "private", false);
	bind_list_free(&specs);
}

static void long_paths_are_refused(void **state)
{
	struct bind_list specs;
	char path[5000];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[4096] = '\0';
	assert_wrong(path, BIND_SPEC_USER, "longer than 4095");
	path[4095] = '\0';
	specs = parse(path, BIND_SPEC_USER);
	bind_list_free(&specs);
}

static void a_copy_is_the_same_and_appending_moves(void **state)
{
	struct bind_list list = { .count = 0 }, more, copy;

	(void)state;
	more = parse("?/a:/b:ro,-/c", BIND_SPEC_USER);
	assert_int_equal(bind_list_copy(&more, &copy), 0);
	assert_int_equal(bind_list_append(&list, &more), 0);
	assert_int_equal(more.count, 0);
	assert_int_equal(bind_list_append(&list, &more), 0);
	assert_int_equal(bind_list_append(&list, &copy), 0);
	assert_int_equal(list.count, 4);
	assert_spec(&list.items[0], "/a", "/b", true);
	assert_spec(&list.items[1], NULL, "/c", false);
	assert_spec(&list.items[2], "/a", "/b", true);
	assert_spec(&list.items[3], NULL, "/c", false);
	assert_true(list.items[2].is_optional);
	bind_list_free(&list);
}

static void what_is_printed_parses_to_the_same(void **state)
{
	static const char *const lists[] = { "/a:/b:ro,?/c:/d,-/e", "",
		"/a\\:b\\,c:/d\\\\e", "!/x:/y,?!/z:/z:ro", "a b:/c d",
		"/a:/b:ro,image-src=/c\\,d,/e:/f:image-src=/" };
	size_t i, item;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		enum bind_spec_kind kind =
			lists[i][0] == '!' ? BIND_SPEC_ADMIN : BIND_SPEC_USER;
		struct bind_list specs = parse(lists[i], kind), again;
		char *text = bind_list_print(&specs);

		assert_non_null(text);
		again = parse(text, kind);
		assert_int_equal(again.count, specs.count);
		for (item = 0; item < specs.count; item++) {
			assert_spec(&again.items[item],
				specs.items[item].source,
				specs.items[item].target,
				specs.items[item].is_read_only);
			assert_int_equal(again.items[item].is_optional,
				specs.items[item].is_optional);
			assert_string_equal(
				again.items[item].image_path
					? again.items[item].image_path
					: "",
				specs.items[item].image_path
					? specs.items[item].image_path
					: "");
			assert_int_equal(again.items[item].is_fixed,
				specs.items[item].is_fixed);
		}
		free(text);
		bind_list_free(&specs);
		bind_list_free(&again);
	}
}

static void one_place_has_one_name(void **state)
{
	struct bind_list specs;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(bind_list_parse("/a://x/../y/,-//y/.", BIND_SPEC_USER,
				 &specs, &err),
		0);
	assert_int_equal(specs.count, 2);
	assert_string_equal(specs.items[0].target, "/y");
	assert_string_equal(specs.items[1].target, "/y");
	bind_list_free(&specs);
}

static void paths_become_plain(void **state)
{
	static const char *const pairs[][2] = { { "/", "/" }, { "//", "/" },
		{ "/a", "/a" }, { "/a/", "/a" }, { "//a///b/", "/a/b" },
		{ "/a/./b/.", "/a/b" }, { "/a/../b", "/b" }, { "/..", "/" },
		{ "/../../a", "/a" }, { "/a/b/../..", "/" },
		{ "/a/..b/c..", "/a/..b/c.." }, { "/...", "/..." } };
	char path[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		snprintf(path, sizeof(path), "%s", pairs[i][0]);
		path_normalize(path);
		assert_string_equal(path, pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_and_destinations),
		cmocka_unit_test(options_after_a_comma_are_of_the_item_before),
		cmocka_unit_test(parts_of_images),
		cmocka_unit_test(empty_items_are_refused),
		cmocka_unit_test(options_of_other_runtimes_are_named),
		cmocka_unit_test(marks),
		cmocka_unit_test(further_images),
		cmocka_unit_test(wrong_items_are_named),
		cmocka_unit_test(long_paths_are_refused),
		cmocka_unit_test(a_copy_is_the_same_and_appending_moves),
		cmocka_unit_test(what_is_printed_parses_to_the_same),
		cmocka_unit_test(one_place_has_one_name),
		cmocka_unit_test(paths_become_plain),
	};

	return cmocka_run_group_tests_name("bind-spec", tests, NULL, NULL);
}
