/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that forbids tracing, in a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/tracing.h"

#define DUMPABLE_NOT  0
#define DUMPABLE_USER 1

/* The exit status of a child that is dumpable, or not, and forbids tracing. */
static int forbid(int dumpable)
{
	struct error err = { 0 };
	pid_t pid = fork();
	int result, status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
		result = tracing_forbid(&err);
		if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != DUMPABLE_NOT)
			_exit(2);
		if (result < 0 &&
			!strstr(err.text,
				"other processes of its user could trace it"))
			_exit(3);
		_exit(result < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_untraceable_program_stays_so(void **state)
{
	(void)state;
	assert_int_equal(forbid(DUMPABLE_NOT), 0);
}

/* Root can trace every process anyway. */
static void a_program_that_was_traceable_fails(void **state)
{
	(void)state;
	assert_int_equal(forbid(DUMPABLE_USER), getuid() == 0 ? 0 : 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_untraceable_program_stays_so),
		cmocka_unit_test(a_program_that_was_traceable_fails),
	};

	return cmocka_run_group_tests_name("tracing", tests, NULL, NULL);
}
