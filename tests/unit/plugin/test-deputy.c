/* SPDX-License-Identifier: BSD-3-Clause */
/* Hooks in processes that share the memory of slurmstepd, as with
 * contain_spank: the work is done in slurmstepd. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/plugin/deputy.h"

static struct deputy deputy;
static struct step step = STEP_NONE;
static char stack[65536] __attribute__((aligned(16)));

/* What the work found. */
static int calls;
static pid_t worker;
static struct task_event seen;
static int closed;
/* The work waits for a byte in this pipe; -1: it does not. */
static int gate[2] = { -1, -1 };

static void work(struct step *of, const struct task_event *event)
{
	char byte;

	assert_ptr_equal(of, &step);
	if (gate[0] >= 0)
		assert_int_equal(read(gate[0], &byte, 1), 1);
	worker = getpid();
	seen = *event;
	closed = close(event->status);
	calls++;
}

static int begin(void **state)
{
	(void)state;
	memset(&deputy, 0, sizeof(deputy));
	step.pid = getpid();
	calls = 0;
	worker = 0;
	gate[0] = gate[1] = -1;
	return 0;
}

/* Slurm does it in this way. */
static pid_t start_hook(int (*hook)(void *), void *argument)
{
	pid_t pid = clone(hook, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		argument);

	assert_true(pid > 0);
	return pid;
}

static int hook(void *argument)
{
	deputy_do(&deputy, work, &step, argument);
	_exit(0);
}

static void run_hook(struct task_event *event)
{
	int status;
	pid_t pid = start_hook(hook, event);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void slurmstepd_does_its_own_work(void **state)
{
	struct task_event event = { .number = 3, .status = -1 };

	(void)state;
	deputy_do(&deputy, work, &step, &event);
	assert_int_equal(calls, 1);
	assert_int_equal(seen.number, 3);
}

static void work_of_another_process_is_done_in_slurmstepd(void **state)
{
	struct task_event event = { .pid = 7 };

	(void)state;
	event.status = open("/dev/null", O_RDONLY | O_CLOEXEC);
	deputy_start(&deputy);
	run_hook(&event);
	deputy_stop(&deputy);
	assert_int_equal(calls, 1);
	assert_int_equal(worker, getpid());
	assert_int_equal(seen.pid, 7);
	assert_int_equal(closed, 0);
	assert_int_equal(fcntl(event.status, F_GETFD), -1);
}

static void each_hook_gets_its_own_work_done(void **state)
{
	struct task_event event = { .status = -1 };

	(void)state;
	deputy_start(&deputy);
	for (event.number = 0; event.number < 100; event.number++) {
		run_hook(&event);
		assert_int_equal(seen.number, event.number);
	}
	deputy_stop(&deputy);
	assert_int_equal(calls, 100);
}

/* Slurm kills all processes of the step, these among them. */
static void a_killed_hook_does_not_stop_the_next(void **state)
{
	struct task_event first = { .number = 1, .status = -1 };
	struct task_event second = { .number = 2, .status = -1 };
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(gate), 0);
	deputy_start(&deputy);
	pid = start_hook(hook, &first);
	while (__atomic_load_n(&deputy.asked_count, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* Its copy is used, not this. */
	first.number = 99;
	assert_int_equal(write(gate[1], "12", 2), 2);
	run_hook(&second);
	deputy_stop(&deputy);
	assert_int_equal(calls, 2);
	assert_int_equal(seen.number, 2);
	close(gate[0]);
	close(gate[1]);
}

static void a_hook_that_did_not_wake_the_thread_is_made_up_for(void **state)
{
	struct task_event event = { .number = 5, .status = -1 };

	(void)state;
	deputy_start(&deputy);
	/* As if it had been killed there. */
	deputy.work = work;
	deputy.step = &step;
	deputy.event = event;
	__atomic_add_fetch(&deputy.asked_count, 1, __ATOMIC_RELEASE);
	event.number = 6;
	run_hook(&event);
	deputy_stop(&deputy);
	assert_int_equal(calls, 2);
	assert_int_equal(seen.number, 6);
}

static void without_the_thread_a_hook_does_nothing(void **state)
{
	struct task_event event = { .status = -1 };

	(void)state;
	run_hook(&event);
	deputy_stop(&deputy);
	assert_int_equal(calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(slurmstepd_does_its_own_work, begin),
		cmocka_unit_test_setup(
			work_of_another_process_is_done_in_slurmstepd, begin),
		cmocka_unit_test_setup(each_hook_gets_its_own_work_done, begin),
		cmocka_unit_test_setup(a_killed_hook_does_not_stop_the_next,
			begin),
		cmocka_unit_test_setup(
			a_hook_that_did_not_wake_the_thread_is_made_up_for,
			begin),
		cmocka_unit_test_setup(without_the_thread_a_hook_does_nothing,
			begin),
	};

	return cmocka_run_group_tests_name("deputy", tests, NULL, NULL);
}
