/* SPDX-License-Identifier: BSD-3-Clause */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/settings/envp.h"
#include "spank/plugin/task_environment.h"
#include "tests/unit/plugin/spank-stub.h"

static struct environment_edits edits;
static struct error err;

static int begin(void **state)
{
	(void)state;
	memset(&edits, 0, sizeof(edits));
	memset(&err, 0, sizeof(err));
	return 0;
}

static int end(void **state)
{
	(void)state;
	environment_edits_free(&edits);
	spank_stub_reset(NULL);
	return 0;
}

static void assert_env(const char *name, const char *value)
{
	const char *found = envp_get(spank_stub.env, name);

	if (!value) {
		assert_null(found);
		return;
	}
	assert_non_null(found);
	assert_string_equal(found, value);
}

static void home_and_user_come_from_the_users_entry(void **state)
{
	static const char *const env[] = { "PATH=/bin", NULL };
	const struct passwd *entry = getpwuid(getuid());
	char **job = NULL;

	(void)state;
	spank_stub_reset(env);
	assert_int_equal(task_environment_load(NULL, &job, &err), 0);
	assert_ptr_equal(job, spank_stub.env);
	assert_env("USER", entry ? entry->pw_name : NULL);
	assert_env("HOME", entry ? entry->pw_dir : NULL);
	assert_env("PATH", "/bin");
}

static void those_of_the_job_stay(void **state)
{
	static const char *const env[] = { "HOME=/h", "USER=u", NULL };
	char **job = NULL;

	(void)state;
	spank_stub_reset(env);
	assert_int_equal(task_environment_load(NULL, &job, &err), 0);
	assert_env("HOME", "/h");
	assert_env("USER", "u");
}

static void edits_are_made(void **state)
{
	static const char *const env[] = { "A=old", "GONE=1", "KEPT=1",
		"PWD=/x", NULL };

	(void)state;
	spank_stub_reset(env);
	environment_set(&edits.list, "A", "new", ENVIRONMENT_OPTION, &err);
	environment_set(&edits.list, "B", "", ENVIRONMENT_IMAGE, &err);
	environment_set(&edits.list, "GONE", NULL, ENVIRONMENT_CLEAN, &err);
	assert_int_equal(task_environment_change(NULL, &edits, "/y", &err), 0);
	assert_env("A", "new");
	assert_env("B", "");
	assert_env("GONE", NULL);
	assert_env("KEPT", "1");
	assert_env("PWD", "/y");
}

static void what_slurm_refuses_is_named(void **state)
{
	char name[16];
	int i;

	(void)state;
	spank_stub_reset(NULL);
	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "V%d", i);
		environment_set(&edits.list, name, "1", ENVIRONMENT_IMAGE,
			&err);
	}
	assert_int_equal(task_environment_change(NULL, &edits, "/", &err), -1);
	assert_string_equal(err.text,
		"cannot set the variable V64: Buffer too small");
}

static void debug_names_the_source_of_each(void **state)
{
	struct report report = { .debug = true };
	char value[600];

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	environment_set(&edits.list, "A", "1", ENVIRONMENT_IMAGE, &err);
	environment_set(&edits.list, "LONG", value, ENVIRONMENT_OPTION, &err);
	environment_set(&edits.list, "GONE", NULL, ENVIRONMENT_CLEAN, &err);
	environment_set(&edits.setters, "A", "90-environment.sh",
		ENVIRONMENT_IMAGE, &err);
	task_environment_report(&edits, &report);
	assert_int_equal(report.count, 3);
	assert_string_equal(report.lines[0].text,
		"variable  A=1  from image (90-environment.sh)");
	assert_non_null(strstr(report.lines[1].text, "xxx...  from --sif-env"));
	assert_string_equal(report.lines[2].text,
		"variables removed by --sif-cleanenv: GONE");
	report_free(&report);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(home_and_user_come_from_the_users_entry),
		TEST(those_of_the_job_stay),
		TEST(edits_are_made),
		TEST(what_slurm_refuses_is_named),
		TEST(debug_names_the_source_of_each),
	};

	return cmocka_run_group_tests_name("task_environment", tests, NULL,
		NULL);
}
