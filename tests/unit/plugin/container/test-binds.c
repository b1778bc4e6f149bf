/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of binds: its order, and what takes the place of what. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spank/plugin/container/binds.h"

/* The list is "TARGET<SOURCE ..." in its order. */
static void assert_list(const struct binds *binds, const char *expected)
{
	char text[1024] = "";
	size_t i, used = 0;

	for (i = 0; i < binds->count; i++)
		used += snprintf(text + used, sizeof(text) - used, "%s%s<%s",
			i > 0 ? " " : "", binds->list[i].target,
			binds->list[i].source);
	assert_string_equal(text, expected);
}

static void add(struct binds *binds, const char *source, const char *target,
	int flags)
{
	binds_add(binds, source, target, flags, "test");
}

static void a_directory_comes_before_what_lies_in_it(void **state)
{
	struct binds binds = BINDS_NONE;

	(void)state;
	add(&binds, "/1", "/a/b", 0);
	add(&binds, "/2", "/ab", 0);
	add(&binds, "/3", "/a", 0);
	add(&binds, "/4", "/a/b/c", 0);
	assert_list(&binds, "/a</3 /a/b</1 /ab</2 /a/b/c</4");
	binds_free(&binds);
	assert_list(&binds, "");
}

static void a_later_bind_replaces_one_at_its_target(void **state)
{
	struct binds binds = BINDS_NONE;

	(void)state;
	add(&binds, "/1", "/a", BIND_OPTIONAL);
	add(&binds, "/2", "/b", 0);
	add(&binds, "/3", "/a", BIND_READ_ONLY);
	assert_list(&binds, "/a</3 /b</2");
	assert_int_equal(binds.list[0].flags, BIND_READ_ONLY);
	binds_free(&binds);
}

static void a_bind_can_be_removed_unless_it_is_fixed(void **state)
{
	struct binds binds = BINDS_NONE;
	struct error err = { 0 };

	(void)state;
	add(&binds, "/1", "/a", 0);
	add(&binds, "/2", "/a/fixed", BIND_FIXED);
	assert_int_equal(binds_remove(&binds, "/none", &err), 0);
	assert_int_equal(binds_remove(&binds, "/a", &err), 0);
	assert_list(&binds, "/a/fixed</2");
	assert_int_equal(binds_remove(&binds, "/a/fixed", &err), -1);
	assert_string_equal(err.text,
		"'/a/fixed' cannot be left out or covered: it belongs to every "
		"container of this site");
	assert_list(&binds, "/a/fixed</2");
	binds_free(&binds);
}

static void a_user_finds_no_room_in_an_exclusive_bind(void **state)
{
	struct binds binds = BINDS_NONE;
	struct error err = { 0 };

	(void)state;
	add(&binds, "/1", "/site", BIND_FIXED | BIND_EXCLUSIVE);
	add(&binds, "/2", "/fixed", BIND_FIXED);
	add(&binds, "/3", "/site/x", BIND_USER);
	add(&binds, "/4", "/free", BIND_USER);
	assert_int_equal(binds_make_room(&binds, "/site", &err), -1);
	assert_int_equal(binds_make_room(&binds, "/site/a/b", &err), -1);
	assert_non_null(strstr(err.text, "'/site' cannot be left out"));
	assert_int_equal(binds_make_room(&binds, "/fixed", &err), -1);
	assert_int_equal(binds_make_room(&binds, "/fixed/a", &err), 0);
	assert_int_equal(binds_make_room(&binds, "/sitex", &err), 0);
	binds_remove_covered(&binds);
	assert_list(&binds, "/site</1 /fixed</2 /free</4");
	binds_free(&binds);
}

static void what_covers_a_path(void **state)
{
	struct binds binds = BINDS_NONE;

	(void)state;
	add(&binds, "/a", "/a", 0);
	add(&binds, "/a/empty", "/a/empty", BIND_EMPTY);
	add(&binds, "/x", "/b", 0);
	assert_true(binds_cover(&binds, "/a"));
	assert_true(binds_cover(&binds, "/a/c"));
	assert_true(binds_show(&binds, "/a/c"));
	assert_true(binds_cover(&binds, "/a/empty/c"));
	assert_false(binds_show(&binds, "/a/empty/c"));
	/* Another name is another path. */
	assert_false(binds_cover(&binds, "/b/c"));
	assert_false(binds_cover(&binds, "/ac"));
	assert_null(binds_find_above(&binds, "/a"));
	assert_string_equal(binds_find_above(&binds, "/a/c")->target, "/a");
	assert_string_equal(binds_find_above(&binds, "/a/empty/c")->target,
		"/a/empty");
	assert_string_equal(binds_find_above(&binds, "/b/c")->target, "/b");
	binds_free(&binds);
}

static void a_mount_is_set_only_where_it_is_awaited(void **state)
{
	struct binds binds = BINDS_NONE;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	add(&binds, "", "/etc/passwd", BIND_SET_LATER);
	add(&binds, "/mine", "/etc/group", BIND_USER);
	binds_set_mount(&binds, "/etc/group", &fd);
	binds_set_mount(&binds, "/etc/none", &fd);
	assert_true(fd >= 0);
	binds_set_mount(&binds, "/etc/passwd", &fd);
	assert_int_equal(fd, -1);
	assert_true(binds.list[0].mount_fd >= 0);
	assert_int_equal(binds.list[1].mount_fd, -1);
	binds_free(&binds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_comes_before_what_lies_in_it),
		cmocka_unit_test(a_later_bind_replaces_one_at_its_target),
		cmocka_unit_test(a_bind_can_be_removed_unless_it_is_fixed),
		cmocka_unit_test(a_user_finds_no_room_in_an_exclusive_bind),
		cmocka_unit_test(what_covers_a_path),
		cmocka_unit_test(a_mount_is_set_only_where_it_is_awaited),
	};

	return cmocka_run_group_tests_name("binds", tests, NULL, NULL);
}
