/* SPDX-License-Identifier: BSD-3-Clause */
/* Helper programs: their output, their end, and what they inherit. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/privileged/run.h"

#define TIMEOUT_MS 20000

static int run(const char *script, int timeout_ms, char *output, size_t size,
	struct error *err)
{
	CLEANUP_FD int input_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	return priv_run("/bin/sh", argv, input_fd, deadline_in_ms(timeout_ms),
		output, size, err);
}

static void output_and_status_are_returned(void **state)
{
	char output[256];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run("echo out; echo err >&2; exit 3", TIMEOUT_MS,
				 output, sizeof(output), &err),
		3);
	assert_string_equal(output, "out\nerr\n");
	assert_int_equal(run(":", TIMEOUT_MS, output, sizeof(output), &err), 0);
	assert_string_equal(output, "");
}

/* More than the pipe holds: the program must not block either. */
static void long_output_is_cut(void **state)
{
	char output[8];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run("head -c 300000 /dev/zero | tr '\\0' x; exit 4",
				 TIMEOUT_MS, output, sizeof(output), &err),
		4);
	assert_string_equal(output, "xxxxxxx");
}

static void a_program_that_hangs_is_killed(void **state)
{
	char output[64];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(run("echo begun; exec sleep 1000", 100, output,
				 sizeof(output), &err),
		-1);
	assert_string_equal(err.text, "'/bin/sh' did not end in time");
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_killed_program_is_a_failure(void **state)
{
	char output[64];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(
		run("kill -SEGV $$", TIMEOUT_MS, output, sizeof(output), &err),
		-1);
	assert_string_equal(err.text, "'/bin/sh' was killed by signal 11");
}

static void a_missing_program_is_a_failure(void **state)
{
	char *argv[] = { "none", NULL };
	char output[64];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(priv_run("/nonesuch", argv, 0,
				 deadline_in_ms(TIMEOUT_MS), output,
				 sizeof(output), &err),
		-1);
	assert_string_equal(err.text,
		"cannot execute '/nonesuch', which belongs to the installation"
		": No such file or directory");
}

static void nothing_else_is_inherited(void **state)
{
	CLEANUP_FD int fd = open("/dev/null", O_RDONLY);
	char output[256];
	struct error err = { 0 };

	(void)state;
	assert_true(fd > 2);
	assert_int_equal(setenv("SECRET", "1", 1), 0);
	assert_int_equal(run("echo ${SECRET-unset} ${HOME-unset} $PATH; "
			     "for fd in 3 4 5 6 7 8 9; do "
			     "[ ! -e /proc/$$/fd/$fd ] || echo open; done",
				 TIMEOUT_MS, output, sizeof(output), &err),
		0);
	assert_string_equal(output,
		"unset unset /usr/sbin:/usr/bin:/sbin:/bin\n");
}

static void the_caller_can_give_an_environment(void **state)
{
	char *argv[] = { "sh", "-c", "echo $A ${PATH+path}", NULL };
	char *envp[] = { "A=1", NULL };
	char output[64];
	struct error err = { 0 };

	(void)state;
	assert_int_equal(priv_run_with_envp("/bin/sh", argv, envp, 0,
				 deadline_in_ms(TIMEOUT_MS), output,
				 sizeof(output), &err),
		0);
	assert_memory_equal(output, "1", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status_are_returned),
		cmocka_unit_test(long_output_is_cut),
		cmocka_unit_test(a_program_that_hangs_is_killed),
		cmocka_unit_test(a_killed_program_is_a_failure),
		cmocka_unit_test(a_missing_program_is_a_failure),
		cmocka_unit_test(nothing_else_is_inherited),
		cmocka_unit_test(the_caller_can_give_an_environment),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
