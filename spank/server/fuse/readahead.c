/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A short queue, and its threads.
 *
 * The data stays in the server's cache.  It is deliberately not pushed into the
 * kernel's (FUSE_NOTIFY_STORE), see doc/decisions/008-no-pushed-pages.md: the
 * thread that pushes waits for page locks without limit.  A page that was
 * requested is locked until the answer comes.  If the server is killed before
 * that, the thread can neither go on nor die.  It keeps the connection open,
 * and with it the mount and every reader, until root aborts the connection.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "spank/server/fuse/readahead.h"
#include "spank/server/fuse/thread.h"

#define QUEUE_MAX 32

struct readahead {
	struct filesystem *image;
	pthread_mutex_t lock;
	pthread_cond_t can_read;
	struct fs_hint queue[QUEUE_MAX];
	size_t first, queued;
	size_t threads, working;
};

static void *run_readahead(void *arg)
{
	struct readahead *readahead = arg;
	struct fs_hint ahead;

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
		fs_readahead(readahead->image, &ahead);
		pthread_mutex_lock(&readahead->lock);
		readahead->working--;
		pthread_mutex_unlock(&readahead->lock);
	}
	return NULL;
}

static void set_policy(int policy)
{
	static const struct sched_param no_priority = { 0 };

	/* If this fails, reading is slower. */
	sched_setscheduler(0, policy, &no_priority);
}

/*
 * A SCHED_BATCH thread that is woken does not preempt the thread that woke it,
 * or the program that reads.  It gets as large a share of the CPU as any other.
 * Threads inherit the policy.
 */
static void start_threads(struct readahead *readahead, size_t count)
{
	bool is_plain = sched_getscheduler(0) == SCHED_OTHER;

	if (is_plain)
		set_policy(SCHED_BATCH);
	/* With fewer threads, less is read ahead.  Threads are never stopped,
	 * so *readahead is never freed. */
	while (readahead->threads < count &&
		thread_start(run_readahead, readahead) == 0)
		readahead->threads++;
	if (is_plain)
		set_policy(SCHED_OTHER);
}

int readahead_start(struct filesystem *image, size_t ahead,
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

/* The caller holds the lock. */
static bool has_room(const struct readahead *readahead,
	const struct fs_hint *ahead, size_t busy)
{
	size_t at_work = busy + readahead->working + readahead->queued;

	if (ahead->is_guess)
		return at_work < readahead->threads;
	return readahead->queued < QUEUE_MAX;
}

void readahead_queue(struct readahead *readahead, const struct fs_data *data,
	size_t busy)
{
	const struct fs_hint *ahead;
	size_t i;

	for (i = 0; i < data->hints_count; i++) {
		ahead = &data->hints[i];
		if (!fs_wants_readahead(readahead->image, ahead))
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
