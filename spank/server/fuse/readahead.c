/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A short queue, with threads of its own.
 *
 * Deliberately not here: giving the kernel what it has not asked for
 * (FUSE_NOTIFY_STORE).  It locks the pages that it fills, without an end to the
 * wait.  A page that was asked for is locked until the answer comes, and if the
 * server is killed meanwhile there is no answer: the thread that stores can
 * then neither go on nor die, holds on to /dev/fuse and to the connection, and
 * with that the mount and whoever reads from it.  Nobody but root, by abort in
 * fusectl, can end them.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "spank/server/fuse/readahead.h"
#include "spank/server/fuse/thread.h"

#define AHEADS 32

struct readahead {
	struct squash *image;
	pthread_mutex_t lock;
	pthread_cond_t can_read;
	struct squash_readahead aheads[AHEADS];
	size_t ahead_first, ahead_count;
	size_t threads, working;
};

static void *read_all(void *arg)
{
	struct readahead *helpers = arg;
	struct squash_readahead ahead;

	for (;;) {
		pthread_mutex_lock(&helpers->lock);
		while (helpers->ahead_count == 0)
			pthread_cond_wait(&helpers->can_read, &helpers->lock);
		ahead = helpers->aheads[helpers->ahead_first];
		helpers->ahead_first = (helpers->ahead_first + 1) % AHEADS;
		helpers->ahead_count--;
		helpers->working++;
		pthread_mutex_unlock(&helpers->lock);
		squash_readahead(helpers->image, &ahead);
		pthread_mutex_lock(&helpers->lock);
		helpers->working--;
		pthread_mutex_unlock(&helpers->lock);
	}
	return NULL;
}

static void set_policy(int policy)
{
	static const struct sched_param no_priority = { 0 };

	/* Without it they are slower, no more. */
	sched_setscheduler(0, policy, &no_priority);
}

/*
 * With SCHED_BATCH a thread that is woken does not take its CPU from who has
 * it: the one that woke it, or the program that reads.  It gets as much of the
 * CPU as any.  Threads inherit the policy.
 */
static void start_threads(struct readahead *helpers, size_t count)
{
	bool is_plain = sched_getscheduler(0) == SCHED_OTHER;

	if (is_plain)
		set_policy(SCHED_BATCH);
	/* What nobody reads ahead is not read ahead.  A thread that has been
	 * started is there for good, and so is *helpers. */
	while (helpers->threads < count && thread_start(read_all, helpers) == 0)
		helpers->threads++;
	if (is_plain)
		set_policy(SCHED_OTHER);
}

int readahead_start(struct squash *image, size_t ahead,
	struct readahead **ret_helpers)
{
	struct readahead *helpers = calloc(1, sizeof(*helpers));

	if (!helpers)
		return -1;
	helpers->image = image;
	pthread_mutex_init(&helpers->lock, NULL);
	pthread_cond_init(&helpers->can_read, NULL);
	start_threads(helpers, ahead);
	*ret_helpers = helpers;
	return 0;
}

/* Called with the lock. */
static bool has_room(const struct readahead *helpers,
	const struct squash_readahead *ahead, size_t busy)
{
	size_t at_work = busy + helpers->working + helpers->ahead_count;

	if (ahead->is_guess)
		return at_work < helpers->threads;
	return helpers->ahead_count < AHEADS;
}

void readahead_queue(struct readahead *helpers, const struct squash_data *data,
	size_t busy)
{
	const struct squash_readahead *ahead;
	size_t i;

	for (i = 0; i < data->readahead_count; i++) {
		ahead = &data->readahead[i];
		if (!squash_wants_readahead(helpers->image, ahead))
			continue;
		pthread_mutex_lock(&helpers->lock);
		if (has_room(helpers, ahead, busy)) {
			helpers->aheads[(helpers->ahead_first +
						helpers->ahead_count) %
					AHEADS] = *ahead;
			helpers->ahead_count++;
			pthread_cond_signal(&helpers->can_read);
		}
		pthread_mutex_unlock(&helpers->lock);
	}
}
