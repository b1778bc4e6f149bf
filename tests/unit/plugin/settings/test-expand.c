/* SPDX-License-Identifier: BSD-3-Clause */
/* Variables and relative paths, as submission expands them. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/settings/expand.h"

static int set_up(void **state)
{
	(void)state;
	return setenv("A", "value", 1) || setenv("A_1", "longer", 1) ||
	       setenv("EMPTY", "", 1) || setenv("ODD", "$A ~", 1) ||
	       setenv("HOME", "/home/me", 1) || unsetenv("NONE") ||
	       chdir("/usr");
}

static void assert_expands(const char *text, const char *wanted)
{
	struct error err = { 0 };
	char path[PATH_MAX];

	if (expand_variables(text, environ, path, &err) < 0)
		fail_msg("'%s' failed: %s", text, err.text);
	assert_string_equal(path, wanted);
}

static void assert_path(const char *text, const char *wanted)
{
	struct error err = { 0 };
	char path[PATH_MAX];

	if (expand_path(text, path, &err) < 0)
		fail_msg("'%s' failed: %s", text, err.text);
	assert_string_equal(path, wanted);
}

static void assert_fails(const char *text, const char *part)
{
	struct error err = { 0 };
	char path[PATH_MAX];

	assert_int_equal(expand_path(text, path, &err), -1);
	if (!strstr(err.text, part))
		fail_msg("'%s' is not in '%s'", part, err.text);
}

static void variables(void **state)
{
	(void)state;
	assert_expands("", "");
	assert_expands("/plain/path", "/plain/path");
	assert_expands("$A", "value");
	assert_expands("/x/$A/y", "/x/value/y");
	assert_expands("${A}_1", "value_1");
	assert_expands("$A_1.$A-", "longer.value-");
	assert_expands("/$EMPTY/", "//");
}

static void values_are_not_expanded_again(void **state)
{
	(void)state;
	assert_expands("$ODD", "$A ~");
	assert_expands("/$ODD", "/$A ~");
}

static void what_is_no_variable_stays(void **state)
{
	(void)state;
	assert_expands("/a$", "/a$");
	assert_expands("/$/$(id)`id`/*", "/$/$(id)`id`/*");
	assert_expands("${A", "${A");
	assert_expands("${A-x}${}", "${A-x}${}");
	assert_expands("\\$A\\~\\x", "$A~\\x");
}

static void the_home_directory(void **state)
{
	(void)state;
	assert_expands("~", "/home/me");
	assert_expands("~/x~", "/home/me/x~");
	assert_expands("~other/x", "~other/x");
	assert_expands("/~/x", "/~/x");
}

static void a_missing_variable_is_named(void **state)
{
	char text[400] = "/$";

	(void)state;
	assert_fails("/a/$NONE/b", "'/a/$NONE/b': the variable NONE");
	assert_fails("${NONE}", "the variable NONE, which it contains");
	memset(text + 2, 'N', 300);
	assert_fails(text, "is not set");
}

static void too_long_a_result_fails(void **state)
{
	char text[PATH_MAX + 10];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[0] = '/';
	text[PATH_MAX] = '\0';
	assert_fails(text, "longer than 4095 characters");
	text[PATH_MAX - 1] = '\0';
	assert_path(text, text);
	/* Relative: the working directory comes before it. */
	assert_fails(text + 1, "File name too long");
	text[PATH_MAX - 3] = '$';
	text[PATH_MAX - 2] = 'A';
	assert_fails(text, "longer than 4095 characters");
}

static void relative_paths(void **state)
{
	(void)state;
	assert_path("a.sif", "/usr/a.sif");
	assert_path("./a.sif", "/usr/a.sif");
	assert_path(".//./a", "/usr/a");
	assert_path("../a", "/usr/../a");
	assert_path(".a", "/usr/.a");
	assert_path("$A/x", "/usr/value/x");
	assert_int_equal(chdir("/"), 0);
	assert_path("a", "/a");
}

static void absolute_paths(void **state)
{
	static char *const variables[] = { "A=/a/../b", "B=b", NULL };
	struct error err = { 0 };
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(expand_absolute("$A/$B", variables, path, &err), 0);
	assert_string_equal(path, "/a/../b/b");
	assert_int_equal(expand_absolute("$B/$A", variables, path, &err), -1);
	assert_string_equal(err.text, "'b//a/../b' is not an absolute path");
	/* The list is all that counts. */
	assert_int_equal(expand_absolute("/$A_1", variables, path, &err), -1);
	assert_int_equal(expand_absolute("~", variables, path, &err), -1);
	assert_non_null(strstr(err.text, "the variable HOME"));
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(variables),
		TEST(values_are_not_expanded_again),
		TEST(what_is_no_variable_stays),
		TEST(the_home_directory),
		TEST(a_missing_variable_is_named),
		TEST(too_long_a_result_fails),
		TEST(relative_paths),
		TEST(absolute_paths),
	};

	return cmocka_run_group_tests_name("expand", tests, NULL, NULL);
}
