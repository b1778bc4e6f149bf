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

#define QUEUE_MAX 32

struct readahead {
	struct squash *image;
	pthread_mutex_t lock;
	pthread_cond_t can_read;
	struct squash_readahead queue[QUEUE_MAX];
	size_t first, queued;
	size_t threads, working;
};

static void *read_all(void *arg)
{
	struct readahead *readahead = arg;
	struct squash_readahead ahead;

	for (;;) {
		pthread_mutex_lock(&readahead->lock);
		while (readahead->queued == 0)
			pthread_cond_wait(&readahead->can_read,
				&readahead->lock);
		ahead = readahead->queue[readahead->first];
		readahead->first = (readahead->first + 1) % QUEUE_MAX;
		readahead->queued--;
		readahead->working++;
		pthread_mutex_unlock(&readahead->lock);
		squash_readahead(readahead->image, &ahead);
		pthread_mutex_lock(&readahead->lock);
		readahead->working--;
		pthread_mutex_unlock(&readahead->lock);
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
static void start_threads(struct readahead *readahead, size_t count)
{
	bool is_plain = sched_getscheduler(0) == SCHED_OTHER;

	if (is_plain)
		set_policy(SCHED_BATCH);
	/* What nobody reads ahead is not read ahead.  A thread that has been
	 * started is there for good, and so is *readahead. */
	while (readahead->threads < count &&
		thread_start(read_all, readahead) == 0)
		readahead->threads++;
	if (is_plain)
		set_policy(SCHED_OTHER);
}

int readahead_start(struct squash *image, size_t ahead,
	struct readahead **ret_readahead)
{
	struct readahead *readahead = calloc(1, sizeof(*readahead));

	if (!readahead)
		return -1;
	readahead->image = image;
	pthread_mutex_init(&readahead->lock, NULL);
	pthread_cond_init(&readahead->can_read, NULL);
	start_threads(readahead, ahead);
	*ret_readahead = readahead;
	return 0;
}

/* Called with the lock. */
static bool has_room(const struct readahead *readahead,
	const struct squash_readahead *ahead, size_t busy)
{
	size_t at_work = busy + readahead->working + readahead->queued;

	if (ahead->is_guess)
		return at_work < readahead->threads;
	return readahead->queued < QUEUE_MAX;
}

void readahead_queue(struct readahead *readahead,
	const struct squash_data *data, size_t busy)
{
	const struct squash_readahead *ahead;
	size_t i;

	for (i = 0; i < data->readahead_count; i++) {
		ahead = &data->readahead[i];
		if (!squash_wants_readahead(readahead->image, ahead))
			continue;
		pthread_mutex_lock(&readahead->lock);
		if (has_room(readahead, ahead, busy)) {
			readahead
				->queue[(readahead->first + readahead->queued) %
					QUEUE_MAX] = *ahead;
			readahead->queued++;
			pthread_cond_signal(&readahead->can_read);
		}
		pthread_mutex_unlock(&readahead->lock);
	}
}
