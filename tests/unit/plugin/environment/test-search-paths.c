/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists of directories: what they contain, and how they are extended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/plugin/environment/search_paths.h"

static void components_are_compared_as_a_whole(void **state)
{
	(void)state;
	assert_true(environment_paths_contain("/a:/b:/c", "/a"));
	assert_true(environment_paths_contain("/a:/b:/c", "/b"));
	assert_true(environment_paths_contain("/a:/b:/c", "/c"));
	assert_true(environment_paths_contain("/a", "/a"));
	assert_false(environment_paths_contain("/ab:/b", "/a"));
	assert_false(environment_paths_contain("/a/b", "/a"));
	assert_false(environment_paths_contain("", "/a"));
	/* An empty component counts, too. */
	assert_true(environment_paths_contain("/a:", ""));
	assert_false(environment_paths_contain("/a", ""));
}

static void set(struct environment *result, const char *name, const char *value)
{
	struct error err = { 0 };

	assert_int_equal(environment_paths_set(result, name, value,
				 ENVIRONMENT_OPTION, &err),
		0);
}

static void drivers_libraries_are_always_found(void **state)
{
	CLEANUP_ENVIRONMENT struct environment result = { .count = 0 };

	(void)state;
	set(&result, "LD_LIBRARY_PATH", "/opt/lib");
	assert_string_equal(environment_value(&result, "LD_LIBRARY_PATH"),
		"/opt/lib:" ENVIRONMENT_LIBS);
	set(&result, "LD_LIBRARY_PATH", ENVIRONMENT_LIBS ":/opt/lib");
	assert_string_equal(environment_value(&result, "LD_LIBRARY_PATH"),
		ENVIRONMENT_LIBS ":/opt/lib");
	/* An empty list, or none, stays so. */
	set(&result, "LD_LIBRARY_PATH", "");
	assert_string_equal(environment_value(&result, "LD_LIBRARY_PATH"), "");
	set(&result, "LD_LIBRARY_PATH", NULL);
	assert_null(environment_value(&result, "LD_LIBRARY_PATH"));
	set(&result, "PATH", "/bin");
	assert_string_equal(environment_value(&result, "PATH"), "/bin");
}

static void only_four_names_extend(void **state)
{
	static const char *const names[] = { "PREPEND_PATH", "APPEND_PATH",
		"PREPEND_LD_LIBRARY_PATH", "APPEND_LD_LIBRARY_PATH" };
	static const char *const others[] = { "PATH", "LD_LIBRARY_PATH",
		"PREPEND_", "APPEND_", "PREPEND_PYTHONPATH", "APPENDPATH",
		"prepend_PATH", "PREPEND_APPEND_PATH", "" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_true(environment_paths_is_extension(names[i]));
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(environment_paths_is_extension(others[i]));
}

static void extend(struct environment *result, const char *name,
	const char *more, const char *expected)
{
	struct error err = { 0 };

	assert_int_equal(environment_paths_extend(result, name, more,
				 ENVIRONMENT_PREFIX, &err),
		0);
	assert_string_equal(environment_value(result, "PATH"), expected);
}

static void a_list_grows_at_both_ends(void **state)
{
	CLEANUP_ENVIRONMENT struct environment result = { .count = 0 };

	(void)state;
	set(&result, "PATH", "/bin");
	extend(&result, "PREPEND_PATH", "/a", "/a:/bin");
	extend(&result, "APPEND_PATH", "/z:/y", "/a:/bin:/z:/y");
	extend(&result, "PREPEND_PATH", "", "/a:/bin:/z:/y");
	assert_int_equal(environment_entry(&result, "PATH")->source,
		ENVIRONMENT_PREFIX);
}

/* A colon at an end would mean the working directory. */
static void an_empty_list_gets_no_colon(void **state)
{
	CLEANUP_ENVIRONMENT struct environment result = { .count = 0 };

	(void)state;
	extend(&result, "APPEND_PATH", "/a", "/a");
	set(&result, "PATH", "");
	extend(&result, "PREPEND_PATH", "/a", "/a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(components_are_compared_as_a_whole),
		cmocka_unit_test(drivers_libraries_are_always_found),
		cmocka_unit_test(only_four_names_extend),
		cmocka_unit_test(a_list_grows_at_both_ends),
		cmocka_unit_test(an_empty_list_gets_no_colon),
	};

	return cmocka_run_group_tests_name("search paths", tests, NULL, NULL);
}
