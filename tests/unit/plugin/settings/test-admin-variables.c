/* SPDX-License-Identifier: BSD-3-Clause */
/* Variables of the administrator's: whose values they have. */
#include <limits.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/expand.h"

static void assert_value(uint32_t job, const char *text, const char *wanted)
{
	struct admin_variables variables;
	struct error err = { 0 };
	char path[PATH_MAX];
	int expanded;

	admin_variables_load(job, &variables);
	expanded = expand_variables(text, variables.list, path, &err);
	assert_int_equal(expanded, wanted ? 0 : -1);
	if (wanted)
		assert_string_equal(path, wanted);
}

static void the_environment_does_not_count(void **state)
{
	const struct passwd *entry = getpwuid(getuid());
	char uid[16];

	(void)state;
	snprintf(uid, sizeof(uid), "%u", (unsigned int)getuid());
	setenv("USER", "other", 1);
	setenv("HOME", "/other", 1);
	setenv("UID", "7", 1);
	setenv("SLURM_JOB_ID", "7", 1);
	setenv("OTHER", "7", 1);
	assert_value(42, "$UID", uid);
	assert_value(42, "$SLURM_JOB_ID", "42");
	assert_value(0, "$SLURM_JOB_ID", NULL);
	assert_value(42, "$OTHER", NULL);
	/* Not where a test runs as nobody whom the node knows. */
	assert_value(42, "$USER", entry ? entry->pw_name : NULL);
	assert_value(42, "~", entry ? entry->pw_dir : NULL);
}

static void what_is_checked(void **state)
{
	static const char *const good[] = { "/a", "$HOME/x", "~", "~/x",
		"/a/$USER/${UID}.$SLURM_JOB_ID", "/a/\\$b", "/" };
	static const char *const bad[] = { "", "a", "$USER", "/a/$OTHER",
		"/${HOMES}", "./~" };
	struct error err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (admin_variables_check(good[i], &err) < 0)
			fail_msg("'%s' is refused: %s", good[i], err.text);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(admin_variables_check(bad[i], &err), -1);
		assert_non_null(strstr(err.text, "$SLURM_JOB_ID can be"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_does_not_count),
		cmocka_unit_test(what_is_checked),
	};

	return cmocka_run_group_tests_name("site variables", tests, NULL, NULL);
}
