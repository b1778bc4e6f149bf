/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking up a name in a list as execve(2) takes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/plugin/settings/envp.h"

static void names_are_compared_as_a_whole(void **state)
{
	char *envp[] = { "AB=1", "A=2", "A=3", "EMPTY=", "NOVALUE", "C=D=E",
		NULL };

	(void)state;
	assert_string_equal(envp_get(envp, "A"), "2");
	assert_string_equal(envp_get(envp, "AB"), "1");
	assert_string_equal(envp_get(envp, "EMPTY"), "");
	assert_string_equal(envp_get(envp, "C"), "D=E");
	assert_null(envp_get(envp, "NOVALUE"));
	assert_null(envp_get(envp, "B"));
	assert_null(envp_get(envp, "ABC"));
}

static void there_may_be_no_list(void **state)
{
	char *empty[] = { NULL };

	(void)state;
	assert_null(envp_get(NULL, "A"));
	assert_null(envp_get(empty, "A"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_compared_as_a_whole),
		cmocka_unit_test(there_may_be_no_list),
	};

	return cmocka_run_group_tests_name("envp", tests, NULL, NULL);
}
