/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "spank/server/fuse/polling.h"

#define MS 1000000

static int ends[2]; /* of the pipe that stands for /dev/fuse */

static int open_pipe(void **state)
{
	(void)state;
	return pipe(ends);
}

static int close_pipe(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void read_one(struct polling *polling)
{
	char byte;

	assert_int_equal(polling_read(polling, ends[0], &byte, 1), 1);
}

/* The requests are there already. */
static void read_dense(struct polling *polling, int count)
{
	while (count-- > 0) {
		assert_int_equal(write(ends[1], "", 1), 1);
		read_one(polling);
	}
}

static void *write_late(void *arg)
{
	const struct timespec late = { .tv_nsec = 20 * MS };

	nanosleep(&late, NULL);
	return write(ends[1], "", 1) == 1 ? arg : NULL;
}

/* CPU time that the thread used while it waited for a late request. */
static int64_t read_late(struct polling *polling)
{
	struct timespec before, after;
	pthread_t writer;
	void *wrote;

	pthread_create(&writer, NULL, write_late, polling);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	read_one(polling);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	pthread_join(writer, &wrote);
	assert_non_null(wrote);
	return (after.tv_sec - before.tv_sec) * 1000 * MS + after.tv_nsec -
	       before.tv_nsec;
}

static void after_dense_requests_it_polls_for_a_moment(void **state)
{
	struct polling polling;

	(void)state;
	polling_init(&polling, 2);
	read_dense(&polling, 2 * POLLING_SCORE_MAX);
	assert_true(polling.hit_score > POLLING_SCORE_MAX / 2);
	/* Then it sleeps. */
	assert_true(read_late(&polling) < 5 * MS);
}

/* In at least one of many tries nobody else wants the CPU. */
static void with_a_high_score_it_polls(void **state)
{
	struct polling polling;
	int64_t longest = 0, time;
	int tries;

	(void)state;
	for (tries = 0; tries < 200 && longest < MS / 20; tries++) {
		polling_init(&polling, 2);
		polling.hit_score = POLLING_SCORE_MAX;
		time = read_late(&polling);
		longest = time > longest ? time : longest;
	}
	assert_true(longest >= MS / 20);
}

static void late_requests_lower_the_score(void **state)
{
	struct polling polling;
	int i;

	(void)state;
	polling_init(&polling, 2);
	polling.hit_score = POLLING_SCORE_MAX;
	for (i = 0; i < POLLING_SCORE_MAX; i++)
		read_late(&polling);
	assert_int_equal(polling.hit_score, 0);
	read_late(&polling);
	assert_int_equal(polling.hit_score, 0);
}

static void with_one_cpu_it_never_polls(void **state)
{
	struct polling polling;

	(void)state;
	polling_init(&polling, 1);
	assert_false(polling.has_spare_cpu);
	read_dense(&polling, 2 * POLLING_SCORE_MAX);
	read_late(&polling);
	assert_int_equal(polling.backoff_until_us, 0);
}

static void end_of_file_is_what_read_returns(void **state)
{
	struct polling polling;
	char byte;

	(void)state;
	polling_init(&polling, 2);
	polling.hit_score = POLLING_SCORE_MAX;
	close(ends[1]);
	assert_int_equal(polling_read(&polling, ends[0], &byte, 1), 0);
	ends[1] = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			after_dense_requests_it_polls_for_a_moment, open_pipe,
			close_pipe),
		cmocka_unit_test_setup_teardown(with_a_high_score_it_polls,
			open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(late_requests_lower_the_score,
			open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(with_one_cpu_it_never_polls,
			open_pipe, close_pipe),
		cmocka_unit_test_setup_teardown(
			end_of_file_is_what_read_returns, open_pipe,
			close_pipe),
	};

	return cmocka_run_group_tests_name("polling", tests, NULL, NULL);
}
