/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the image server can no longer do.  Each attempt is made by a child,
 * which ends with the errno of the attempt, 0 if it succeeded, or is killed by
 * SIGSYS.  Not to be built with sanitizers: they make calls of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/sandbox.h"

#define NO_SANDBOX 100
#define KILLED     200

enum stage { CONTROL, SERVE };

static int try_open(void)
{
	return open("/dev/null", O_RDONLY);
}

static int try_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int try_fork(void)
{
	return fork();
}

static int try_user_namespace(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL,
		NULL);
}

static int try_vfork(void)
{
#ifdef SYS_vfork
	return syscall(SYS_vfork);
#else /* aarch64 */
	return syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL,
		NULL, NULL);
#endif
}

static void *end_thread(void *arg)
{
	return arg;
}

static int try_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, end_thread, NULL))
		return -1;
	pthread_join(thread, NULL);
	return 0;
}

static int try_exec(void)
{
	char *const argv[] = { "true", NULL };

	return execv("/bin/true", argv);
}

static int try_kill(void)
{
	return kill(getppid(), 0);
}

static int try_signal_other(void)
{
	return syscall(SYS_tgkill, 1, 1, 0);
}

static int try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1);
}

static int try_executable_memory(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? -1 : 0;
}

static int try_make_executable(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}

static int try_receive(void)
{
	struct msghdr packet = { .msg_iov = NULL };

	return recvmsg(-1, &packet, 0);
}

static int try_seccomp(void)
{
	return syscall(SYS_seccomp, 0, 0, NULL);
}

static int try_ring(void)
{
	struct io_uring_params params = { 0 };

	return syscall(SYS_io_uring_setup, 1, &params);
}

static int try_ring_change(void)
{
	return syscall(SYS_io_uring_register, -2, IORING_REGISTER_BUFFERS, NULL,
		0);
}

static int try_ring_begin(void)
{
	return syscall(SYS_io_uring_register, -2, IORING_REGISTER_ENABLE_RINGS,
		NULL, 0);
}

static int try_ring_use(void)
{
	return syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0);
}

static int try_memory(void)
{
	void *volatile much = malloc(16 << 20);

	free(much);
	return much ? 0 : -1;
}

static int try_too_much_memory(void)
{
	void *volatile much = malloc((size_t)2 << 30);

	return much ? 0 : -1;
}

static int try_abort(void)
{
	abort();
}

static void attempt_in_child(int (*attempt)(void), enum stage stage)
{
	struct error err;

	if (sandbox_enter(&err) < 0)
		_exit(NO_SANDBOX);
	if (stage == SERVE && sandbox_narrow(&err) < 0)
		_exit(NO_SANDBOX);
	_exit(attempt() < 0 ? errno : 0);
}

/* An errno, 0, or KILLED + the signal. */
static int result(int (*attempt)(void), enum stage stage)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		attempt_in_child(attempt, stage);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? KILLED + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

static void memory_is_limited(void **state)
{
	(void)state;
	assert_int_equal(result(try_memory, SERVE), 0);
	assert_int_equal(result(try_too_much_memory, SERVE), ENOMEM);
}

static void opening_fails(void **state)
{
	(void)state;
	assert_int_equal(result(try_open, CONTROL), EACCES);
	assert_int_equal(result(try_open, SERVE), EACCES);
}

static void forbidden_calls_kill(void **state)
{
	int (*const attempts[])(void) = { try_socket, try_vfork, try_exec,
		try_user_namespace, try_kill, try_signal_other, try_dumpable,
		try_executable_memory, try_make_executable };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		assert_int_equal(result(attempts[i], CONTROL), KILLED + SIGSYS);
		assert_int_equal(result(attempts[i], SERVE), KILLED + SIGSYS);
	}
}

static void serving_is_narrower(void **state)
{
	(void)state;
	assert_int_equal(result(try_receive, CONTROL), EBADF);
	assert_int_equal(result(try_receive, SERVE), KILLED + SIGSYS);
	assert_int_equal(result(try_seccomp, SERVE), KILLED + SIGSYS);
	assert_int_equal(result(try_fork, CONTROL), 0);
	assert_int_equal(result(try_fork, SERVE), KILLED + SIGSYS);
	assert_int_equal(result(try_thread, CONTROL), 0);
	assert_int_equal(result(try_thread, SERVE), KILLED + SIGSYS);
}

static void rings_cannot_be_made(void **state)
{
	(void)state;
	assert_int_equal(result(try_ring, CONTROL), KILLED + SIGSYS);
	assert_int_equal(result(try_ring_change, CONTROL), KILLED + SIGSYS);
	assert_int_equal(result(try_ring_begin, CONTROL), EBADF);
	assert_int_equal(result(try_ring_use, CONTROL), EBADF);
	assert_int_equal(result(try_ring, SERVE), KILLED + SIGSYS);
	assert_int_equal(result(try_ring_begin, SERVE), KILLED + SIGSYS);
	assert_int_equal(result(try_ring_use, SERVE), EBADF);
}

static void abort_is_seen_as_such(void **state)
{
	(void)state;
	assert_int_equal(result(try_abort, SERVE), KILLED + SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(opening_fails),
		cmocka_unit_test(forbidden_calls_kill),
		cmocka_unit_test(serving_is_narrower),
		cmocka_unit_test(rings_cannot_be_made),
		cmocka_unit_test(abort_is_seen_as_such),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
