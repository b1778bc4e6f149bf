/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/io/report.h"

#define TASKS 20

static void the_first_task_tells_a_common_failure(void **state)
{
	uint32_t reported = 0;
	struct error first = { 0 }, second = { 0 };

	(void)state;
	error_set(&first, 0, "no server");
	assert_int_equal(report_common_failure(&reported, &first), -1);
	assert_false(first.told_elsewhere);
	assert_string_equal(first.text, "no server");

	error_set(&second, 0, "no server");
	assert_int_equal(report_common_failure(&reported, &second), -1);
	assert_true(second.told_elsewhere);
	assert_true(error_is_set(&second));
}

/* What one task alone meets is told by that task, whatever came before. */
static void a_failure_of_its_own_is_told(void **state)
{
	uint32_t reported = 1;
	struct error err = { 0 };

	(void)state;
	error_set(&err, 0, "common");
	report_common_failure(&reported, &err);
	error_prefix(&err, "still");
	assert_true(err.told_elsewhere);
	error_set(&err, 0, "own");
	assert_false(err.told_elsewhere);
}

static void one_of_many_processes_tells(void **state)
{
	uint32_t *reported = mmap(NULL, sizeof(*reported),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct error err = { 0 };
	int i, status, told = 0;

	(void)state;
	assert_ptr_not_equal(reported, MAP_FAILED);
	for (i = 0; i < TASKS; i++)
		if (fork() == 0) {
			error_set(&err, 0, "common");
			report_common_failure(reported, &err);
			_exit(err.told_elsewhere);
		}
	while (wait(&status) > 0)
		told += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	assert_int_equal(told, 1);
	munmap(reported, sizeof(*reported));
}

static void details_need_debug(void **state)
{
	struct report report = { 0 };

	(void)state;
	report_detail(&report, "mounted");
	report_moment(&report, "entered");
	report_moment_at(&report, 1000, "started");
	assert_int_equal(report.count, 0);
	assert_string_equal(report_last_moment(&report), "");

	report_note(&report, "no '%s'", "TMPDIR");
	report_note_alike(&report, "overlay");
	assert_int_equal(report.count, 2);
	assert_int_equal(report.lines[0].kind, REPORT_NOTE);
	assert_string_equal(report.lines[0].text, "warning: no 'TMPDIR'");
	assert_int_equal(report.lines[1].kind, REPORT_ALIKE);
	report_free(&report);
	assert_int_equal(report.count, 0);
}

static void moments_count_from_the_begin_of_the_step(void **state)
{
	struct report report = { .debug = true, .begin_us = 1000000 };

	(void)state;
	report_moment_at(&report, 1001500, "server started");
	report_moment_at(&report, 1012000, "entered");
	report_detail(&report, "mounted");
	assert_string_equal(report.lines[0].text,
		"     1.5 ms  server started");
	assert_string_equal(report_last_moment(&report),
		"    12.0 ms  entered");
	report_free(&report);
}

static uint32_t fingerprint(const char *first, const char *second,
	const char *note)
{
	struct report report = { .debug = true };
	uint32_t number;

	report_detail(&report, "%s", first);
	report_moment(&report, "entered");
	report_note(&report, "%s", note);
	report_detail(&report, "%s", second);
	number = report_fingerprint(&report);
	report_free(&report);
	return number;
}

/* Times and warnings differ between nodes that have the same mounts. */
static void the_fingerprint_is_of_details(void **state)
{
	uint32_t one = fingerprint("a", "b", "x");

	(void)state;
	assert_int_equal(fingerprint("a", "b", "y"), one);
	assert_int_not_equal(fingerprint("b", "a", "x"), one);
	assert_int_not_equal(fingerprint("ab", "", "x"), one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_task_tells_a_common_failure),
		cmocka_unit_test(a_failure_of_its_own_is_told),
		cmocka_unit_test(one_of_many_processes_tells),
		cmocka_unit_test(details_need_debug),
		cmocka_unit_test(moments_count_from_the_begin_of_the_step),
		cmocka_unit_test(the_fingerprint_is_of_details),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
