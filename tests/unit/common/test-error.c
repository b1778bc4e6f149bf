/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/error.h"

static void set_keeps_the_sentence_and_errno(void **state)
{
	struct error err = { .num = 5 };

	(void)state;
	errno = ENOENT;
	assert_int_equal(error_set(&err, 0, "no '%s' here", "x"), -1);
	assert_string_equal(err.text, "no 'x' here");
	assert_int_equal(err.num, 0);
	assert_int_equal(errno, ENOENT);
}

static void set_appends_the_reason(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, EACCES, "cannot open '%s'", "/x");
	assert_string_equal(err.text, "cannot open '/x': Permission denied");
	assert_int_equal(err.num, EACCES);
}

static void prefix_goes_before(void **state)
{
	struct error err;

	(void)state;
	error_set(&err, EIO, "inner");
	errno = 0;
	assert_int_equal(error_prefix(&err, "outer %d", 1), -1);
	assert_string_equal(err.text, "outer 1: inner: Input/output error");
	assert_int_equal(err.num, EIO);
	assert_int_equal(errno, 0);
}

static void a_new_sentence_is_ours_to_tell(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_is_set(&err));
	error_set(&err, 0, "first");
	assert_true(error_is_set(&err));
	err.told_elsewhere = true;
	error_prefix(&err, "outer");
	error_hint(&err, "try again");
	assert_true(err.told_elsewhere);
	error_set(&err, 0, "second");
	assert_false(err.told_elsewhere);
}

static void too_long_is_cut(void **state)
{
	char name[2 * ERROR_TEXT_SIZE];
	struct error err;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	error_set(&err, EIO, "%s", name);
	assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
	error_prefix(&err, "begin");
	assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
	assert_memory_equal(err.text, "begin: xxx", 10);
	error_prefix(&err, "%s", name);
	assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_keeps_the_sentence_and_errno),
		cmocka_unit_test(set_appends_the_reason),
		cmocka_unit_test(prefix_goes_before),
		cmocka_unit_test(a_new_sentence_is_ours_to_tell),
		cmocka_unit_test(too_long_is_cut),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
