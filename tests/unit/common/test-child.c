/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/child.h"

/* A child that ends when the pipe is closed. */
static struct child start_child(int ends[2])
{
	struct child child;

	assert_int_equal(pipe(ends), 0);
	child.pid = fork();
	if (child.pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], ends, 1) == 0 ? 3 : 4);
	}
	close(ends[0]);
	child.pid_fd = syscall(SYS_pidfd_open, child.pid, 0);
	assert_true(child.pid_fd >= 0);
	return child;
}

static void the_exit_status_is_reported(void **state)
{
	int ends[2], status = 0;
	struct child child = start_child(ends);

	(void)state;
	assert_false(child_wait(&child, deadline_in_ms(0), &status));
	close(ends[1]);
	assert_true(child_wait(&child, deadline_in_ms(60000), &status));
	assert_int_equal(status, W_EXITCODE(3, 0));
	close(child.pid_fd);
}

static void the_signal_of_a_killed_child_is_reported(void **state)
{
	int ends[2], status = 0;
	struct child child = start_child(ends);

	(void)state;
	child_kill(&child);
	assert_true(child_wait(&child, deadline_in_ms(60000), &status));
	assert_int_equal(status, W_EXITCODE(0, SIGKILL));
	close(ends[1]);
	close(child.pid_fd);
}

/* A tracer that runs until the pipe is closed.  It never waits for the child,
 * so nobody else can reap it meanwhile. */
static pid_t start_tracer(pid_t child, int lifeline[2])
{
	int ready[2];
	char byte;
	pid_t tracer;

	assert_int_equal(pipe(lifeline), 0);
	assert_int_equal(pipe(ready), 0);
	tracer = fork();
	if (tracer == 0) {
		close(lifeline[1]);
		byte = ptrace(PTRACE_SEIZE, child, 0, 0) == 0;
		_exit(write(ready[1], &byte, 1) != 1 ||
			read(lifeline[0], &byte, 1) != 0);
	}
	close(lifeline[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 1);
	close(ready[0]);
	close(ready[1]);
	return tracer;
}

static void a_traced_child_is_reaped_after_its_tracer(void **state)
{
	int ends[2], lifeline[2], status = 0;
	struct child child = start_child(ends);
	pid_t tracer;

	(void)state;
	tracer = start_tracer(child.pid, lifeline);
	child_kill(&child);
	assert_false(child_wait(&child, deadline_in_ms(100), &status));
	assert_int_equal(status, 0);
	close(lifeline[1]);
	assert_true(child_wait(&child, deadline_in_ms(60000), &status));
	assert_int_equal(status, W_EXITCODE(0, SIGKILL));
	assert_int_equal(waitpid(tracer, NULL, 0), tracer);
	close(ends[1]);
	close(child.pid_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_is_reported),
		cmocka_unit_test(the_signal_of_a_killed_child_is_reported),
		cmocka_unit_test(a_traced_child_is_reaped_after_its_tracer),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
