/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The supervisor and its children, which do what the test says and exit; none
 * of them serves anything.
 */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/supervisor.h"

#define TIMEOUT_MS 10000

/* As many processes as the user may have. */
static bool fork_fails;

/* In place of the C library's, for supervisor.c. */
pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");

	if (!fork_fails)
		return real();
	errno = EAGAIN;
	return -1;
}

/* Words that lie one behind the other, as those of a process. */
static char words[] = "spank-sif-server\0timeout=30";
static char *argv[] = { words, words + sizeof("spank-sif-server"), NULL };

static struct supervisor start(bool can_resume)
{
	struct supervisor supervisor = { .argv = argv };

	supervisor_start(&supervisor, can_resume);
	return supervisor;
}

/* What each server does.  0: it exits with status 0. */
static void live(const struct supervisor *supervisor, int signal_number,
	int status)
{
	if (supervisor->role != ROLE_SERVER)
		return;
	if (signal_number) {
		signal(signal_number, SIG_DFL); /* cmocka has handlers */
		raise(signal_number);
	}
	_exit(status);
}

static void an_exit_status_is_kept(void **state)
{
	struct supervisor supervisor = start(true);

	(void)state;
	live(&supervisor, 0, 7);
	assert_int_equal(supervisor.role, ROLE_SUPERVISOR);
	supervisor_check(&supervisor, true);
	assert_int_equal(supervisor.role, ROLE_ENDED);
	assert_true(WIFEXITED(supervisor.status));
	assert_int_equal(WEXITSTATUS(supervisor.status), 7);
	assert_int_equal(supervisor.replacements, 0);
}

static void a_server_that_is_killed_is_replaced(void **state)
{
	static const int signals[] = { SIGKILL, SIGSEGV, SIGABRT, SIGSYS };
	struct supervisor supervisor;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		supervisor = start(true);
		live(&supervisor, signals[i], 0);
		supervisor_check(&supervisor, true);
		/* The replacement. */
		live(&supervisor, 0, supervisor.replacements);
		assert_int_equal(supervisor.role, ROLE_ENDED);
		assert_int_equal(supervisor.replacements, 1);
		assert_true(WIFEXITED(supervisor.status));
		assert_int_equal(WEXITSTATUS(supervisor.status), 1);
	}
}

static void the_eleventh_death_is_the_last(void **state)
{
	struct supervisor supervisor = start(true);

	(void)state;
	live(&supervisor, SIGKILL, 0);
	supervisor_check(&supervisor, true);
	live(&supervisor, SIGKILL, 0);
	assert_int_equal(supervisor.role, ROLE_ENDED);
	assert_int_equal(supervisor.replacements, REPLACEMENTS_MAX);
	assert_true(WIFSIGNALED(supervisor.status));
	assert_int_equal(WTERMSIG(supervisor.status), SIGKILL);
	/* All have been waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* Before Linux 6.9 nothing gives it the requests that are left. */
static void where_nothing_can_resume_there_is_no_replacement(void **state)
{
	struct supervisor supervisor = start(false);

	(void)state;
	live(&supervisor, SIGKILL, 0);
	supervisor_check(&supervisor, true);
	assert_int_equal(supervisor.role, ROLE_ENDED);
	assert_int_equal(supervisor.replacements, 0);
	assert_int_equal(WTERMSIG(supervisor.status), SIGKILL);
}

static void a_look_does_not_wait(void **state)
{
	struct supervisor supervisor = start(true);
	int i;

	(void)state;
	if (supervisor.role == ROLE_SERVER)
		for (;;)
			pause();
	for (i = 0; i < 3; i++) {
		supervisor_check(&supervisor, false);
		assert_int_equal(supervisor.role, ROLE_SUPERVISOR);
	}
	supervisor.can_resume = false;
	kill(supervisor.server, SIGKILL);
	supervisor_check(&supervisor, true);
	assert_int_equal(supervisor.role, ROLE_ENDED);
}

/* SIGCHLD is blocked except in ppoll(2), which it ends. */
static void the_end_of_a_server_ends_ppoll(void **state)
{
	const struct timespec timeout = { .tv_sec = TIMEOUT_MS / 1000 };
	struct supervisor supervisor = start(true);
	siginfo_t info;
	sigset_t none;

	(void)state;
	live(&supervisor, 0, 0);
	assert_int_equal(
		waitid(P_PID, supervisor.server, &info, WEXITED | WNOWAIT), 0);
	sigemptyset(&none);
	assert_int_equal(ppoll(NULL, 0, &timeout, &none), -1);
	assert_int_equal(errno, EINTR);
	supervisor_check(&supervisor, false);
	assert_int_equal(supervisor.role, ROLE_ENDED);
}

static void a_server_that_is_forgotten_is_not_replaced(void **state)
{
	struct supervisor supervisor = start(true);
	pid_t server = supervisor.server;

	(void)state;
	live(&supervisor, SIGKILL, 0);
	supervisor_forget(&supervisor);
	assert_int_equal(supervisor.role, ROLE_ALONE);
	supervisor_check(&supervisor, true);
	assert_int_equal(supervisor.role, ROLE_ALONE);
	assert_int_equal(waitpid(server, NULL, 0), server);
	/* The next image's server starts anew. */
	supervisor.replacements = REPLACEMENTS_MAX;
	supervisor_start(&supervisor, true);
	live(&supervisor, 0, 0);
	assert_int_equal(supervisor.role, ROLE_SUPERVISOR);
	assert_int_equal(supervisor.replacements, 0);
	supervisor_check(&supervisor, true);
}

static void without_a_process_there_is_nobody_else(void **state)
{
	struct supervisor supervisor;

	(void)state;
	fork_fails = true;
	supervisor = start(true);
	fork_fails = false;
	assert_int_equal(supervisor.role, ROLE_ALONE);
}

static void without_a_process_there_is_no_replacement(void **state)
{
	struct supervisor supervisor = start(true);

	(void)state;
	live(&supervisor, SIGKILL, 0);
	fork_fails = true;
	supervisor_check(&supervisor, true);
	fork_fails = false;
	assert_int_equal(supervisor.role, ROLE_ENDED);
	assert_int_equal(supervisor.replacements, 0);
	assert_int_equal(WTERMSIG(supervisor.status), SIGKILL);
}

static void ps_and_top_tell_them_apart(void **state)
{
	struct supervisor supervisor;
	char name[16], before[16];

	(void)state;
	prctl(PR_GET_NAME, before);
	supervisor = start(true);
	prctl(PR_GET_NAME, name);
	if (supervisor.role == ROLE_SERVER)
		_exit(strcmp(name, "spank-sif-serve") != 0 ||
			strcmp(argv[0], "spank-sif-server") != 0);
	assert_string_equal(name, "spank-sif-guard");
	assert_string_equal(argv[0], "spank-sif-guard");
	assert_string_equal(argv[1], "timeout=30");
	supervisor_check(&supervisor, true);
	assert_int_equal(supervisor.status, 0);
	prctl(PR_SET_NAME, before);
}

/* scancel may send SIGALRM to both. */
static void a_server_has_signals_of_its_own(void **state)
{
	struct supervisor supervisor = start(true);
	struct sigaction child, alarm;
	sigset_t blocked;

	(void)state;
	if (supervisor.role == ROLE_SERVER) {
		sigprocmask(SIG_BLOCK, NULL, &blocked);
		sigaction(SIGCHLD, NULL, &child);
		sigaction(SIGALRM, NULL, &alarm);
		_exit(sigismember(&blocked, SIGCHLD) ||
			child.sa_handler != SIG_DFL ||
			alarm.sa_handler != SIG_IGN);
	}
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	assert_int_equal(sigismember(&blocked, SIGCHLD), 1);
	supervisor_check(&supervisor, true);
	assert_int_equal(supervisor.status, 0);
}

/* It holds a pipe until it ends. */
static void a_server_ends_with_its_supervisor(void **state)
{
	struct supervisor supervisor;
	struct pollfd end = { .events = POLLIN };
	int pipe_fds[2];
	pid_t middle;
	char byte;

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	middle = fork();
	assert_true(middle >= 0);
	if (middle == 0) {
		supervisor = start(true);
		if (supervisor.role == ROLE_SERVER)
			if (write(pipe_fds[1], "s", 1) == 1)
				for (;;)
					pause();
		/* Once the server lives. */
		_exit(read(pipe_fds[0], &byte, 1) != 1);
	}
	close(pipe_fds[1]);
	assert_int_equal(waitpid(middle, NULL, 0), middle);
	end.fd = pipe_fds[0];
	assert_int_equal(poll(&end, 1, TIMEOUT_MS), 1);
	assert_int_equal(read(pipe_fds[0], &byte, 1), 0);
	close(pipe_fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exit_status_is_kept),
		cmocka_unit_test(a_server_that_is_killed_is_replaced),
		cmocka_unit_test(the_eleventh_death_is_the_last),
		cmocka_unit_test(
			where_nothing_can_resume_there_is_no_replacement),
		cmocka_unit_test(a_look_does_not_wait),
		cmocka_unit_test(the_end_of_a_server_ends_ppoll),
		cmocka_unit_test(a_server_that_is_forgotten_is_not_replaced),
		cmocka_unit_test(without_a_process_there_is_nobody_else),
		cmocka_unit_test(without_a_process_there_is_no_replacement),
		cmocka_unit_test(ps_and_top_tell_them_apart),
		cmocka_unit_test(a_server_has_signals_of_its_own),
		cmocka_unit_test(a_server_ends_with_its_supervisor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
