/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where Slurm finds a step's command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/command.h"
#include "tests/unit/scratch.h"

static int setup(void **state)
{
	if (scratch_make(state) < 0 || chdir(scratch_directory()) < 0)
		return -1;
	scratch_write("bin/tool", "");
	scratch_write("here", "");
	return 0;
}

/* What the user is told about the command; "" if it is found. */
static const char *check(const char *command, const char *path)
{
	static char text[1024];
	struct report report = { .debug = false };

	command_check(command, path, &report);
	assert_true(report.count <= 1);
	snprintf(text, sizeof(text), "%s",
		report.count > 0 ? report.lines[0].text : "");
	report_free(&report);
	return text;
}

static void a_path_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_string_equal(check(scratch_path("bin/tool"), ""), "");
	assert_string_equal(check("bin/tool", ""), "");
	assert_string_equal(check("./here", ""), "");
	assert_string_equal(check("/no/tool", scratch_path("bin")),
		"warning: there is no '/no/tool' inside the image");
	assert_string_equal(check("no/tool", "/bin"),
		"warning: there is no 'no/tool' inside the image");
}

static void a_name_is_looked_for_in_path(void **state)
{
	char path[PATH_MAX];

	(void)state;
	snprintf(path, sizeof(path), "/no::%s", scratch_path("bin"));
	assert_string_equal(check("tool", path), "");
	assert_string_equal(check("none", "/no:/where"),
		"warning: there is no 'none' inside the image, where it was looked for "
		"in PATH=/no:/where");
	assert_string_equal(check("tool", ""),
		"warning: there is no 'tool' inside the image, where it was looked for "
		"in PATH=");
	/* As Slurm does: also in the working directory. */
	assert_string_equal(check("here", ""), "");
}

static void what_slurm_completes_is_not_looked_for(void **state)
{
	(void)state;
	assert_string_equal(check("", "/bin"), "");
	assert_string_equal(check("/no/directory/", "/bin"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_taken_as_it_is),
		cmocka_unit_test(a_name_is_looked_for_in_path),
		cmocka_unit_test(what_slurm_completes_is_not_looked_for),
	};

	return cmocka_run_group_tests(tests, setup, scratch_remove);
}
