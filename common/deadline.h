/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMMON_DEADLINE_H
#define COMMON_DEADLINE_H

#include <stdint.h>

/* A moment on CLOCK_MONOTONIC, in milliseconds. */
struct deadline {
	int64_t at_ms;
};

/* Now, on the same clock, in microseconds. */
int64_t deadline_now_us(void);

/* The moment `ms` milliseconds from now. */
struct deadline deadline_in_ms(int64_t ms);

/* Milliseconds left, for poll(2): 0 once it has passed, never negative. */
int deadline_left_ms(struct deadline deadline);

/*
 * Wait until `fd` is readable (or at end of file, or broken).  Returns 1 then,
 * 0 when the deadline passed first, -1 with errno on failure.  Signals do not
 * shorten the wait.
 */
int deadline_wait_readable(struct deadline deadline, int fd);

#endif
