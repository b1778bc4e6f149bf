/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a namespace is; and what is no namespace at all. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/privileged/namespace.h"
#include "common/privileged/userns.h"

static void our_namespace_is_ours(void **state)
{
	CLEANUP_FD int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	CLEANUP_FD int owner_fd = -1;
	struct stat owner, own;
	struct error err = { 0 };

	(void)state;
	owner_fd = priv_userns_owner(fd, &err);
	if (owner_fd < 0 && err.num == EPERM)
		return; /* in a container whose namespaces are not its own */
	assert_true(owner_fd >= 0);
	assert_int_equal(fstat(owner_fd, &owner), 0);
	assert_int_equal(stat("/proc/self/ns/user", &own), 0);
	assert_int_equal(owner.st_ino, own.st_ino);
	assert_int_equal(fcntl(owner_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(priv_namespace_check(fd, &err), 0);
}

static void assert_refused(int fd)
{
	struct error err = { 0 };

	assert_true(fd >= 0);
	assert_int_equal(priv_userns_owner(fd, &err), -1);
	assert_string_equal(err.text,
		"the image server has sent something that is not a namespace"
		": Protocol error");
	assert_int_equal(priv_namespace_check(fd, &err), -1);
	assert_int_equal(priv_userns_enter_owner(fd, &err), -1);
	assert_int_equal(priv_namespace_enter(fd, &err), -1);
	close(fd);
}

static void anything_else_is_refused(void **state)
{
	int ends[2];

	(void)state;
	assert_refused(open("/dev/null", O_RDONLY | O_CLOEXEC));
	assert_refused(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	assert_refused(open("/proc/self/ns", O_RDONLY | O_CLOEXEC));
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_refused(ends[0]);
	close(ends[1]);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_refused(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_namespace_is_ours),
		cmocka_unit_test(anything_else_is_refused),
	};

	return cmocka_run_group_tests_name("user namespaces", tests, NULL,
		NULL);
}
