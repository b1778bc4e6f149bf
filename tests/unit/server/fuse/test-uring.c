/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a ring of the image server can be used for.  Skipped where the kernel
 * has no such rings, or does not let us create one.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/fuse/uring.h"

/* A ring for commands to a pipe, whose driver knows none; false if there are no
 * rings. */
static bool make_ring(struct uring *uring)
{
	int ends[2];

	if (uring_open(1, uring) < 0)
		return false;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(uring_attach(uring, ends[0]), 0);
	assert_int_equal(uring_enable(uring), 0);
	close(ends[0]);
	close(ends[1]);
	return true;
}

/* The result of the one command of `uring`. */
static int result(struct uring *uring)
{
	uint64_t data;
	int result = 1;

	assert_int_equal(uring_submit(uring, 1), 0);
	assert_true(uring_take(uring, &data, &result));
	assert_int_equal(data, 7);
	assert_false(uring_take(uring, &data, &result));
	return result;
}

#define URING_COMMAND 46 /* the type of a command */

static void commands_reach_the_driver(void **state)
{
	struct uring uring;
	int i;

	(void)state;
	if (!make_ring(&uring))
		return;
	/* More often than the ring has places. */
	for (i = 0; i < 100; i++) {
		assert_non_null(uring_next(&uring, 7));
		assert_int_equal(result(&uring), -EOPNOTSUPP);
	}
	uring_close(&uring);
}

static void nothing_else_can_be_asked_for(void **state)
{
	struct uring_command *command;
	struct uring uring;
	int type;

	(void)state;
	if (!make_ring(&uring))
		return;
	for (type = 0; type <= URING_COMMAND; type++) {
		command = uring_next(&uring, 7);
		if (command->type == type)
			command->flags = 0; /* of any descriptor */
		command->type = type;
		assert_int_equal(result(&uring), -EACCES);
	}
	uring_close(&uring);
}

static void it_cannot_be_changed(void **state)
{
	struct uring uring;
	int operation;

	(void)state;
	if (!make_ring(&uring))
		return;
	for (operation = 0; operation < 16; operation++) {
		assert_int_equal(syscall(SYS_io_uring_register, uring.fd,
					 operation, NULL, 0),
			-1);
		assert_int_equal(errno, EACCES);
	}
	uring_close(&uring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_reach_the_driver),
		cmocka_unit_test(nothing_else_can_be_asked_for),
		cmocka_unit_test(it_cannot_be_changed),
	};

	return cmocka_run_group_tests_name("uring", tests, NULL, NULL);
}
