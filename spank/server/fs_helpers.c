/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two short queues, each with threads of its own.
 *
 * To push is to send FUSE_NOTIFY_STORE, which locks the pages it fills.  A
 * page that somebody waits for is locked until the answer to its read comes:
 * so a thread that answers requests must never push, or all of them might
 * wait for each other.  The thread here answers none.
 */
#include <errno.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spank/server/fs_helpers.h"
#include "spank/server/fs_threads.h"

/* More would hold too much of the cache, if blocks are of 1 MiB. */
#define PUSHES 4
#define AHEADS 32

struct push {
	uint64_t node;
	struct squash_extra extra;
	uint64_t known, known_end; /* what the kernel has got already */
};

struct ahead {
	uint64_t node;
	struct squash_ahead block;
};

struct fs_helpers {
	int fd;
	struct squash *image;
	pthread_mutex_t lock;
	pthread_cond_t can_push, can_read;
	struct push pushes[PUSHES];
	size_t push_first, push_count;
	struct ahead aheads[AHEADS];
	size_t ahead_first, ahead_count;
};

/* What cannot be stored is asked for when it is wanted. */
static void store(struct fs_helpers *helpers, const struct push *push,
	uint64_t start, uint64_t end)
{
	const struct squash_extra *extra = &push->extra;
	struct fuse_notify_store_out out = {
		.nodeid = push->node,
		.offset = start,
		.size = end - start,
	};
	struct fuse_out_header header = {
		.len = sizeof(header) + sizeof(out) + (end - start),
		.error = FUSE_NOTIFY_STORE,
	};
	struct iovec parts[] = {
		{ .iov_base = &header, .iov_len = sizeof(header) },
		{ .iov_base = &out, .iov_len = sizeof(out) },
		{ .iov_base = (void *)squash_extra_at(extra, start),
			.iov_len = end - start },
	};

	if (start < end && writev(helpers->fd, parts, 3) < 0)
		errno = 0;
}

static void push_now(struct fs_helpers *helpers, const struct push *push)
{
	uint64_t start = push->extra.offset;
	uint64_t end = start + push->extra.size;
	uint64_t known = push->known, known_end = push->known_end;

	if (known > start)
		store(helpers, push, start, known < end ? known : end);
	if (known_end < end)
		store(helpers, push, known_end > start ? known_end : start,
			end);
}

static void *push_all(void *arg)
{
	struct fs_helpers *helpers = arg;
	struct push push;

	for (;;) {
		pthread_mutex_lock(&helpers->lock);
		while (helpers->push_count == 0)
			pthread_cond_wait(&helpers->can_push, &helpers->lock);
		push = helpers->pushes[helpers->push_first];
		helpers->push_first = (helpers->push_first + 1) % PUSHES;
		helpers->push_count--;
		pthread_mutex_unlock(&helpers->lock);
		push_now(helpers, &push);
		squash_release_extra(helpers->image, &push.extra);
	}
	return NULL;
}

static void *read_all(void *arg)
{
	struct fs_helpers *helpers = arg;
	struct ahead ahead;
	struct push push = { 0 };

	for (;;) {
		pthread_mutex_lock(&helpers->lock);
		while (helpers->ahead_count == 0)
			pthread_cond_wait(&helpers->can_read, &helpers->lock);
		ahead = helpers->aheads[helpers->ahead_first];
		helpers->ahead_first = (helpers->ahead_first + 1) % AHEADS;
		helpers->ahead_count--;
		pthread_mutex_unlock(&helpers->lock);
		if (!squash_read_ahead(helpers->image, &ahead.block,
			    &push.extra))
			continue;
		push.node = ahead.node;
		store(helpers, &push, push.extra.offset,
			push.extra.offset + push.extra.size);
		squash_release_extra(helpers->image, &push.extra);
	}
	return NULL;
}

int fs_helpers_start(int fd, struct squash *image, size_t ahead,
	struct fs_helpers **ret_helpers)
{
	struct fs_helpers *helpers = calloc(1, sizeof(*helpers));

	if (!helpers)
		return -1;
	helpers->fd = fd;
	helpers->image = image;
	pthread_mutex_init(&helpers->lock, NULL);
	pthread_cond_init(&helpers->can_push, NULL);
	pthread_cond_init(&helpers->can_read, NULL);
	if (fs_thread_start(push_all, helpers) < 0) {
		free(helpers);
		return -1;
	}
	/* What nobody reads ahead is not read ahead. */
	while (ahead > 0 && fs_thread_start(read_all, helpers) == 0)
		ahead--;
	*ret_helpers = helpers;
	return 0;
}

void fs_helpers_read_ahead(struct fs_helpers *helpers, uint64_t node,
	const struct squash_data *data)
{
	size_t i;

	for (i = 0; i < data->ahead_count; i++) {
		if (squash_is_cached(helpers->image, &data->ahead[i]))
			continue;
		pthread_mutex_lock(&helpers->lock);
		if (helpers->ahead_count < AHEADS) {
			helpers->aheads[(helpers->ahead_first +
						helpers->ahead_count) %
					AHEADS] =
				(struct ahead){ node, data->ahead[i] };
			helpers->ahead_count++;
			pthread_cond_signal(&helpers->can_read);
		}
		pthread_mutex_unlock(&helpers->lock);
	}
}

/* Takes the extra out of *extra, unless there is no room. */
static void add_push(struct fs_helpers *helpers, const struct push *push,
	struct squash_extra *extra)
{
	pthread_mutex_lock(&helpers->lock);
	if (helpers->push_count < PUSHES) {
		helpers->pushes[(helpers->push_first + helpers->push_count) %
				PUSHES] = *push;
		helpers->push_count++;
		extra->block = NULL;
		pthread_cond_signal(&helpers->can_push);
	}
	pthread_mutex_unlock(&helpers->lock);
}

static uint64_t round_up(uint64_t offset)
{
	uint64_t page = getpagesize();

	return (offset + page - 1) / page * page;
}

void fs_helpers_push(struct fs_helpers *helpers, uint64_t node, uint64_t offset,
	struct squash_data *data)
{
	size_t i;

	for (i = 0; i < data->extra_count; i++) {
		const struct push push = {
			.node = node,
			.extra = data->extras[i],
			.known = offset,
			/* The kernel asks for whole pages. */
			.known_end = round_up(offset + data->size),
		};

		add_push(helpers, &push, &data->extras[i]);
	}
}
