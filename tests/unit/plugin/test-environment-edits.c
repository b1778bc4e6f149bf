/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "spank/plugin/environment_edits.h"

static void other_tasks_get_the_same_edits(void **state)
{
	struct environment_edits first = { .list = { .count = 0 } };
	struct environment_edits second = { .list = { .count = 0 } };
	struct error err = { 0 };
	CLEANUP_FD int fd = -1;

	(void)state;
	environment_set(&first.list, "A", "1\n2", ENVIRONMENT_OPTION, &err);
	environment_set(&first.list, "EMPTY", "", ENVIRONMENT_JOB, &err);
	environment_set(&first.list, "GONE", NULL, ENVIRONMENT_CLEAN, &err);
	fd = environment_edits_share(&first, &err);
	assert_true(fd >= 0);
	assert_int_equal(environment_edits_receive(fd, &second, &err), 0);
	assert_int_equal(second.list.count, 3);
	assert_string_equal(environment_value(&second.list, "A"), "1\n2");
	assert_string_equal(environment_value(&second.list, "EMPTY"), "");
	assert_non_null(environment_entry(&second.list, "GONE"));
	assert_null(environment_value(&second.list, "GONE"));
	environment_edits_free(&first);
	environment_edits_free(&second);
}

static void nobody_can_change_them_afterwards(void **state)
{
	struct environment_edits edits = { .list = { .count = 0 } };
	struct error err = { 0 };
	CLEANUP_FD int fd = -1;

	(void)state;
	environment_set(&edits.list, "A", "1", ENVIRONMENT_OPTION, &err);
	fd = environment_edits_share(&edits, &err);
	assert_int_equal(pwrite(fd, "B", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	environment_edits_free(&edits);
}

static void assert_refused(int fd)
{
	struct environment_edits edits = { .list = { .count = 0 } };
	struct error err = { 0 };

	assert_int_equal(environment_edits_receive(fd, &edits, &err), -1);
	assert_true(error_is_set(&err));
	environment_edits_free(&edits);
}

/* They come from a process of the user. */
static void what_is_no_environment_is_refused(void **state)
{
	CLEANUP_FD int too_large = memfd_create("test", MFD_CLOEXEC);
	CLEANUP_FD int no_end = memfd_create("test", MFD_CLOEXEC);
	int ends[2];

	(void)state;
	assert_int_equal(ftruncate(too_large, ENVIRONMENT_SIZE_MAX + 1), 0);
	assert_refused(too_large);
	assert_int_equal(write(no_end, "A=1", 3), 3);
	assert_refused(no_end);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "A=1", 4), 4);
	close(ends[1]);
	/* Its size is 0, and nothing is waited for. */
	{
		struct environment_edits edits = { .list = { .count = 0 } };
		struct error err = { 0 };

		if (environment_edits_receive(ends[0], &edits, &err) == 0)
			assert_int_equal(edits.list.count, 0);
		environment_edits_free(&edits);
	}
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_tasks_get_the_same_edits),
		cmocka_unit_test(nobody_can_change_them_afterwards),
		cmocka_unit_test(what_is_no_environment_is_refused),
	};

	return cmocka_run_group_tests_name("environment_edits", tests, NULL,
		NULL);
}
