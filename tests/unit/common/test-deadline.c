/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/deadline.h"

static void the_time_left_is_never_negative(void **state)
{
	(void)state;
	assert_int_equal(deadline_left_ms(deadline_in_ms(-5)), 0);
	assert_int_equal(deadline_left_ms(deadline_in_ms(0)), 0);
	assert_in_range(deadline_left_ms(deadline_in_ms(60000)), 50000, 60000);
}

static void the_time_left_fits_poll(void **state)
{
	(void)state;
	assert_int_equal(deadline_left_ms(deadline_in_ms(INT64_MAX / 2)),
		INT_MAX);
}

static void waiting_ends_with_data_or_eof(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(deadline_wait_readable(deadline_in_ms(0), ends[0]), 0);
	assert_int_equal(deadline_wait_readable(deadline_in_ms(10), ends[0]),
		0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(deadline_wait_readable(deadline_in_ms(60000), ends[0]),
		1);
	assert_int_equal(read(ends[0], (char[1]){ 0 }, 1), 1);
	close(ends[1]);
	assert_int_equal(deadline_wait_readable(deadline_in_ms(60000), ends[0]),
		1);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_left_is_never_negative),
		cmocka_unit_test(the_time_left_fits_poll),
		cmocka_unit_test(waiting_ends_with_data_or_eof),
	};

	return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
