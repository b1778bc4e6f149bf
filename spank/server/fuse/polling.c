/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread that stays awake burns CPU time which is the job's.  It does so for
 * AWAKE_US at most, as long as more than half of all requests come in that
 * time; and only if nobody else wants its CPU: sched_yield(2) returns late
 * then, most often because the program that would ask is the one that waits.
 */
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "common/deadline.h"
#include "spank/server/fuse/polling.h"

#define AWAKE_US 100

#define LUCK_ENOUGH (FS_WAIT_LUCK_MAX / 2)

/* Another program has had the CPU, for its time slice perhaps.  That is to be
 * a small part of all time. */
#define LATE_US 30
#define ASLEEP  32 /* times as long */

void fs_wait_init(struct fs_wait *wait, int cpus)
{
	*wait = (struct fs_wait){ .may_stay_awake = cpus > 1 };
}

static bool is_worth_it(const struct fs_wait *wait)
{
	return wait->may_stay_awake && wait->luck >= LUCK_ENOUGH &&
	       wait->since_us >= wait->asleep_until_us;
}

static void stay_awake(struct fs_wait *wait, int fd)
{
	struct pollfd request = { .fd = fd, .events = POLLIN };
	int64_t now = wait->since_us, before;

	while (now - wait->since_us < AWAKE_US && poll(&request, 1, 0) == 0) {
		sched_yield();
		before = now;
		now = deadline_now_us();
		if (now - before > LATE_US) {
			wait->asleep_until_us = now + ASLEEP * (now - before);
			return;
		}
	}
}

static void learn(struct fs_wait *wait)
{
	if (deadline_now_us() - wait->since_us < AWAKE_US)
		wait->luck += wait->luck < FS_WAIT_LUCK_MAX;
	else
		wait->luck -= wait->luck > 0;
}

ssize_t fs_wait_read(struct fs_wait *wait, int fd, void *request, size_t size)
{
	ssize_t got;

	wait->since_us = deadline_now_us();
	if (is_worth_it(wait))
		stay_awake(wait, fd);
	got = read(fd, request, size);
	learn(wait);
	return got;
}
