/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the hooks of a process share, before the first of them is called and
 * when they fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spank/plugin/session.h"

/* 0 is a descriptor of Slurm's: whatever closes or sends it would hit that. */
static void no_descriptor_is_open_at_first(void **state)
{
	const struct step *step = &session.step;
	int i;

	(void)state;
	for (i = 0; i < CONTAINER_IMAGES_MAX; i++) {
		assert_int_equal(step->servers[i].program_fd, -1);
		assert_int_equal(step->servers[i].tasks_fd, -1);
		assert_int_equal(step->servers[i].server_fd, -1);
		assert_int_equal(step->servers[i].lifeline_fd, -1);
		assert_int_equal(step->servers[i].lifeline_server_fd, -1);
		assert_int_equal(step->servers[i].host_mounter_fd, -1);
		assert_int_equal(step->servers[i].damage_fd, -1);
		assert_int_equal(session.task.fuse_fds[i], -1);
	}
	assert_int_equal(session.task.host_namespace_fd, -1);
	assert_int_equal(step->host_mount.mountpoint.lock_fd, -1);
	assert_int_equal(step->host_mount.namespace_fd, -1);
	assert_int_equal(step->host_mount.lifeline_fd, -1);
	assert_int_equal(step->watchdog.stop_fd, -1);
	assert_false(step->runs_image);
}

static void the_first_failure_is_kept(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_is_set(&session.error));
	error_set(&err, 0, "the cause");
	session_record(&err);
	error_set(&err, 0, "a consequence");
	session_record(&err);
	assert_string_equal(session.error.text, "the cause");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_descriptor_is_open_at_first),
		cmocka_unit_test(the_first_failure_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
