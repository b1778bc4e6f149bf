/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_DEADLINE_H
#define COMMON_DEADLINE_H

#include <stdint.h>

/* A point in time on CLOCK_MONOTONIC, in milliseconds. */
struct deadline {
	int64_t at_ms;
};

/* The current time on the same clock, in microseconds. */
int64_t deadline_now_us(void);

/* The point in time `ms` milliseconds from now. */
struct deadline deadline_in_ms(int64_t ms);

/* Milliseconds left, for poll(2); 0 once the deadline has passed. */
int deadline_left_ms(struct deadline deadline);

/*
 * Wait until `fd` is readable, at end of file, or in error.  Returns 1, 0 if
 * the deadline passes first, -1 with errno on failure.  Signals do not shorten
 * the wait.
 */
int deadline_wait_readable(struct deadline deadline, int fd);

#endif
