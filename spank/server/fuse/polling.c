/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Polling uses CPU time of the job.  So it lasts POLL_US at most, happens only
 * while more than half of all requests come within that time, and stops when
 * another program wants the CPU.  sched_yield(2) then returns late: usually the
 * program that waits for the CPU is the one that would send the next request.
 */
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include "common/deadline.h"
#include "spank/server/fuse/polling.h"

#define POLL_US 100

#define SCORE_ENOUGH (POLLING_SCORE_MAX / 2)

/* sched_yield() took longer than this: another program had the CPU, possibly
 * for a whole time slice.  Do not poll for BACKOFF times as long, so that this
 * remains a small part of all time. */
#define LATE_US 30
#define BACKOFF 32 /* times as long */

void polling_init(struct polling *polling, int cpus)
{
	*polling = (struct polling){ .has_spare_cpu = cpus > 1 };
}

static bool should_poll(const struct polling *polling)
{
	return polling->has_spare_cpu && polling->hit_score >= SCORE_ENOUGH &&
	       polling->since_us >= polling->backoff_until_us;
}

static void poll_busily(struct polling *polling, int fd)
{
	struct pollfd request = { .fd = fd, .events = POLLIN };
	int64_t now = polling->since_us, before;

	while (now - polling->since_us < POLL_US && poll(&request, 1, 0) == 0) {
		sched_yield();
		before = now;
		now = deadline_now_us();
		if (now - before > LATE_US) {
			polling->backoff_until_us =
				now + BACKOFF * (now - before);
			return;
		}
	}
}

static void update_score(struct polling *polling)
{
	if (deadline_now_us() - polling->since_us < POLL_US)
		polling->hit_score += polling->hit_score < POLLING_SCORE_MAX;
	else
		polling->hit_score -= polling->hit_score > 0;
}

ssize_t polling_read(struct polling *polling, int fd, void *request,
	size_t size)
{
	ssize_t got;

	polling->since_us = deadline_now_us();
	if (should_poll(polling))
		poll_busily(polling, fd);
	got = read(fd, request, size);
	update_score(polling);
	return got;
}
