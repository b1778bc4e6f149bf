/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every wait in this tree has a deadline on the monotonic clock, so that
 * several waits in a row share one budget, and a signal does not restart it.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "common/deadline.h"

int64_t deadline_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
	return deadline_now_us() / 1000;
}

struct deadline deadline_in_ms(int64_t ms)
{
	return (struct deadline){ .at_ms = now_ms() + ms };
}

int deadline_left_ms(struct deadline deadline)
{
	int64_t left = deadline.at_ms - now_ms();

	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

int deadline_wait_readable(struct deadline deadline, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ready;

	do
		ready = poll(&pfd, 1, deadline_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready == 1 && pfd.revents & POLLNVAL) {
		errno = EBADF;
		return -1;
	}
	return ready;
}
