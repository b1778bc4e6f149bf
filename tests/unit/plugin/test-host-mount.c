/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a keeper, which a child process plays. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/server_start.h"
#include "spank/plugin/host_mount.h"

static struct host_mount mount;

static void __attribute__((noreturn))
keep(int lifeline_fd, int reason_fd, const char *reason, int status)
{
	char byte;

	/* Like the real one, which priv_spawn() starts. */
	setsid();
	/* It is killed before it could end by itself: status < 0. */
	if (write(reason_fd, reason, strlen(reason)) < 0 || status < 0)
		pause();
	_exit(read(lifeline_fd, &byte, 1) == 0 ? status : 1);
}

/* As host_mount_start() does it, but without a mount point. */
static void start_keeper(const char *reason, int status)
{
	int lifeline[2], words[2];

	mount = (struct host_mount)HOST_MOUNT_NONE;
	strcpy(mount.mountpoint.path, "/run/image");
	assert_int_equal(pipe2(lifeline, O_CLOEXEC), 0);
	assert_int_equal(pipe2(words, O_CLOEXEC | O_NONBLOCK), 0);
	mount.lifeline_fd = lifeline[1];
	mount.reason_fd = words[0];
	mount.child.pid = fork();
	if (mount.child.pid == 0) {
		close(lifeline[1]);
		keep(lifeline[0], words[1], reason, status);
	}
	mount.child.pid_fd = child_open(mount.child.pid);
	assert_true(mount.child.pid_fd >= 0);
	close(lifeline[0]);
	close(words[1]);
}

static void stop_mount(struct error *err)
{
	struct error removed = { 0 };

	*err = (struct error){ 0 };
	assert_int_equal(host_mount_stop(&mount, &removed), 0);
	assert_int_equal(mount.child.pid, 0);
	assert_int_equal(mount.child.pid_fd, -1);
	assert_int_equal(mount.lifeline_fd, -1);
	assert_int_equal(mount.reason_fd, -1);
}

static void a_keeper_that_unmounts_is_no_failure(void **state)
{
	struct error err;

	(void)state;
	start_keeper("", 0);
	stop_mount(&err);
	assert_int_equal(host_mount_failure(&mount, &err), 0);
}

static void a_keeper_that_cannot_unmount_is_told_once(void **state)
{
	struct error err;

	(void)state;
	start_keeper("fusermount3: no", HOST_MOUNTER_EXIT_UNMOUNT);
	stop_mount(&err);
	assert_int_equal(host_mount_failure(&mount, &err), -1);
	assert_string_equal(err.text,
		"the keeper could not unmount '/run/image' from the host while "
		"the tasks ran; it is unmounted now: fusermount3: no");
	assert_int_equal(host_mount_failure(&mount, &err), 0);
	/* Nothing is left to do. */
	stop_mount(&err);
	assert_int_equal(host_mount_failure(&mount, &err), 0);
}

static void a_keeper_that_hangs_is_killed(void **state)
{
	struct error err;
	pid_t pid;

	(void)state;
	start_keeper("", -1);
	pid = mount.child.pid;
	stop_mount(&err);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(host_mount_failure(&mount, &err), 0);
}

static void a_mount_that_was_never_started_can_be_stopped(void **state)
{
	struct error err;

	(void)state;
	mount = (struct host_mount)HOST_MOUNT_NONE;
	stop_mount(&err);
	/* A keeper that could not be started leaves its pipes. */
	mount.reason_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	mount.lifeline_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	stop_mount(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_keeper_that_unmounts_is_no_failure),
		cmocka_unit_test(a_keeper_that_cannot_unmount_is_told_once),
		cmocka_unit_test(a_keeper_that_hangs_is_killed),
		cmocka_unit_test(a_mount_that_was_never_started_can_be_stopped),
	};

	return cmocka_run_group_tests_name("host_mount", tests, NULL, NULL);
}
