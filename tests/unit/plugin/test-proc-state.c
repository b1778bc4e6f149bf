/* SPDX-License-Identifier: BSD-3-Clause */
#include <grp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/proc_state.h"

#define MANY_GROUPS 4000

static int ready[2];

static void say_number(void)
{
	pid_t number = syscall(SYS_gettid);

	if (write(ready[1], &number, sizeof(number)) != sizeof(number))
		_exit(1);
}

static void *say_and_pause(void *argument)
{
	say_number();
	pause();
	return argument;
}

static void pause_alone(void)
{
	say_and_pause(NULL);
}

static void leave_to_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, say_and_pause, NULL) == 0)
		syscall(SYS_exit, 0);
}

/* Who may not do this is not one of many groups. */
static void pause_in_many_groups(void)
{
	static gid_t groups[MANY_GROUPS];
	size_t i;

	for (i = 0; i < MANY_GROUPS; i++)
		groups[i] = 1000000 + i;
	if (setgroups(MANY_GROUPS, groups) < 0)
		groups[0] = 0;
	say_and_pause(NULL);
}

/* Returns once the child, or a thread of it, has said its number. */
static pid_t start(void (*run)(void), pid_t *ret_number)
{
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		alarm(60); /* not for ever, where a test fails */
		run();
		_exit(1);
	}
	assert_int_equal(read(ready[0], ret_number, sizeof(*ret_number)),
		sizeof(*ret_number));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* On its way out, the signal has been taken already. */
static void kill_and_hold(pid_t pid, pid_t thread)
{
	int status;

	assert_int_equal(ptrace(PTRACE_SEIZE, thread, NULL, PTRACE_O_TRACEEXIT),
		0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(thread, &status, __WALL), thread);
	assert_int_equal(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
}

static void let_go(pid_t thread)
{
	assert_int_equal(ptrace(PTRACE_DETACH, thread, NULL, NULL), 0);
}

static void a_process_that_goes_on(void **state)
{
	struct proc_state process;
	bool waiting;

	(void)state;
	assert_true(proc_state_read(getpid(), &process));
	assert_int_equal(process.parent, getppid());
	assert_int_equal(process.uid, getuid());
	assert_false(process.exiting);
	assert_false(process.ended);
	assert_false(proc_state_is_dying(getpid(), &waiting));
	assert_false(waiting);
}

static void a_process_that_is_none(void **state)
{
	struct proc_state process;
	bool waiting;

	(void)state;
	assert_false(proc_state_read(INT32_MAX, &process));
	assert_false(proc_state_is_dying(INT32_MAX, &waiting));
	assert_false(proc_state_has_mounted(INT32_MAX, 1));
}

static void a_zombie(void **state)
{
	struct proc_state process;
	siginfo_t info;
	bool waiting;
	pid_t number, pid = start(pause_alone, &number);

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(proc_state_read(pid, &process));
	assert_true(process.exiting);
	assert_true(process.ended);
	assert_false(proc_state_is_dying(pid, &waiting));
	end(pid);
}

static void a_killed_process_that_has_not_ended(void **state)
{
	struct proc_state process;
	bool waiting;
	pid_t number, pid = start(pause_alone, &number);

	(void)state;
	assert_false(proc_state_is_dying(pid, &waiting));
	kill_and_hold(pid, pid);
	assert_true(proc_state_is_dying(pid, &waiting));
	assert_true(proc_state_read(pid, &process));
	assert_false(process.ended);
	let_go(pid);
	end(pid);
}

static bool first_thread_has_ended(pid_t pid)
{
	struct proc_state process;

	return proc_state_read(pid, &process) && process.exiting;
}

static void a_process_whose_first_thread_has_ended(void **state)
{
	struct proc_state process;
	int looks = 1000;
	bool waiting;
	pid_t number, pid = start(leave_to_a_thread, &number);

	(void)state;
	while (!first_thread_has_ended(pid) && looks-- > 0)
		usleep(10000);
	assert_true(proc_state_read(pid, &process));
	assert_true(process.exiting);
	assert_false(process.ended);
	assert_false(proc_state_is_dying(pid, &waiting));
	kill_and_hold(pid, number);
	assert_true(proc_state_is_dying(pid, &waiting));
	let_go(number);
	end(pid);
}

static void a_process_of_many_groups(void **state)
{
	struct proc_state process;
	bool waiting;
	pid_t number, pid = start(pause_in_many_groups, &number);

	(void)state;
	assert_true(proc_state_read(pid, &process));
	assert_false(process.exiting);
	kill_and_hold(pid, pid);
	assert_true(proc_state_is_dying(pid, &waiting));
	let_go(pid);
	end(pid);
}

static void a_process_that_is_stopped(void **state)
{
	pid_t number, pid = start(pause_alone, &number);
	siginfo_t info;

	(void)state;
	assert_false(proc_state_is_stopped(pid));
	kill(pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, pid, &info, WSTOPPED), 0);
	assert_true(proc_state_is_stopped(pid));
	kill(pid, SIGCONT);
	assert_int_equal(waitid(P_PID, pid, &info, WCONTINUED), 0);
	assert_false(proc_state_is_stopped(pid));
	end(pid);
}

static void a_process_whose_thread_is_stopped(void **state)
{
	pid_t number, pid = start(leave_to_a_thread, &number);
	siginfo_t info;

	(void)state;
	kill(pid, SIGSTOP);
	assert_int_equal(waitid(P_PID, pid, &info, WSTOPPED), 0);
	assert_true(proc_state_is_stopped(pid));
	end(pid);
}

static void a_process_that_is_traced_is_not_stopped(void **state)
{
	pid_t number, pid = start(pause_alone, &number);

	(void)state;
	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, 0), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, NULL, __WALL), pid);
	assert_false(proc_state_is_stopped(pid));
	let_go(pid);
	end(pid);
}

static void children_of_a_process(void **state)
{
	pid_t number, found[2] = { 0 };
	pid_t first = start(pause_alone, &number);
	pid_t second = start(pause_alone, &number);

	(void)state;
	assert_int_equal(proc_state_children(INT32_MAX, found, 2), 0);
	assert_int_equal(proc_state_children(first, found, 2), 0);
	assert_int_equal(proc_state_children(getpid(), found, 1), 1);
	assert_int_equal(proc_state_children(getpid(), found, 2), 2);
	assert_int_equal(found[0], first);
	assert_int_equal(found[1], second);
	end(first);
	end(second);
}

static void what_is_mounted(void **state)
{
	struct stat status;

	(void)state;
	assert_int_equal(stat("/proc", &status), 0);
	assert_true(proc_state_has_mounted(getpid(), minor(status.st_dev)));
	assert_false(proc_state_has_mounted(getpid(), UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_goes_on),
		cmocka_unit_test(a_process_that_is_none),
		cmocka_unit_test(a_zombie),
		cmocka_unit_test(a_killed_process_that_has_not_ended),
		cmocka_unit_test(a_process_whose_first_thread_has_ended),
		cmocka_unit_test(a_process_of_many_groups),
		cmocka_unit_test(a_process_that_is_stopped),
		cmocka_unit_test(a_process_whose_thread_is_stopped),
		cmocka_unit_test(a_process_that_is_traced_is_not_stopped),
		cmocka_unit_test(children_of_a_process),
		cmocka_unit_test(what_is_mounted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
