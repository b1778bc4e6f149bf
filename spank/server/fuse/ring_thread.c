/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One ring: a thread that is bound to a CPU and answers the requests made
 * there.
 *
 * An entry goes back and forth between the kernel and the thread.  REGISTER
 * gives it to the kernel, a result says that it holds a request, and
 * COMMIT_AND_FETCH returns it with the answer.  When the mount is gone the
 * kernel ends all entries, and then the thread ends.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "spank/server/fuse/rings_internal.h"
#include "spank/server/fuse/thread.h"

/* Of linux/fuse.h since 6.14 (fuse_uring_cmd); headers may be older. */
#define REGISTER         1
#define COMMIT_AND_FETCH 2

struct command_argument {
	uint64_t flags;
	uint64_t commit_id;
	uint16_t queue;
	unsigned char unused[6];
};

/* worker.send: header and data go into the entry. */
static int send_reply(struct worker *worker, const struct iovec *parts,
	int count)
{
	struct entry *entry = ((struct ring *)worker)->entry;
	size_t size = count > 1 ? parts[1].iov_len : 0;

	/* libfuse sends one piece of data, often from there. */
	if (size > 0 && parts[1].iov_base != worker->reply)
		memcpy(worker->reply, parts[1].iov_base, size);
	memcpy(entry->header->header, parts[0].iov_base, parts[0].iov_len);
	entry->header->payload_size = size;
	return 0;
}

/* Build the request as /dev/fuse would deliver it; 0 if it is too long. */
static size_t assemble(const struct entry *entry, unsigned char *request)
{
	const struct request_header *from = entry->header;
	const struct fuse_in_header *header = (const void *)from->header;
	size_t rest = from->payload_size;
	size_t fixed = header->len - sizeof(*header) - rest;

	if (header->len > REQUEST_SIZE || fixed > sizeof(from->argument))
		return 0;
	memcpy(request, header, sizeof(*header));
	memcpy(request + sizeof(*header), from->argument, fixed);
	memcpy(request + sizeof(*header) + fixed, entry->parts[1].iov_base,
		rest);
	return header->len;
}

static void answer_entry(struct ring *ring, struct entry *entry)
{
	size_t size = assemble(entry, ring->worker.request);

	if (size == 0)
		abort(); /* longer than the kernel announced */
	ring->entry = entry;
	ring->worker.reply = entry->parts[1].iov_base;
	worker_answer_in_turn(&ring->worker, size);
}

static int queue_command(struct ring *ring, struct entry *entry,
	uint32_t operation)
{
	const struct command_argument argument = {
		.commit_id = entry->header->commit_id,
		.queue = entry->queue,
	};
	struct uring_command *next = uring_next(&ring->uring, (uintptr_t)entry);

	if (!next)
		return -1;
	next->operation = operation;
	memcpy(next->argument, &argument, sizeof(argument));
	if (operation == REGISTER) {
		next->address = (uintptr_t)entry->parts;
		next->length = 2;
	}
	return 0;
}

/* The mount is gone.  ENOENT: it went while the answer was sent. */
static bool is_end(int failure)
{
	return failure == ENOTCONN || failure == ECONNABORTED ||
	       failure == ECANCELED || failure == ENOENT;
}

/* A result is a request, or the end of an entry. */
static void take_results(struct ring *ring)
{
	struct entry *entry;
	uint64_t data;
	int result;

	while (uring_take(&ring->uring, &data, &result)) {
		entry = (struct entry *)(uintptr_t)data;
		if (result == 0) {
			answer_entry(ring, entry);
			result = queue_command(ring, entry, COMMIT_AND_FETCH)
					 ? -errno
					 : 0;
		}
		if (result < 0) {
			ring->entries--;
			if (!ring->failure || is_end(ring->failure))
				ring->failure = -result;
		}
	}
}

/* Give the kernel the ring's entries; 0, or the errno of a refusal. */
static int register_entries(struct ring *ring)
{
	struct rings *all = ring->all;
	unsigned int queue;

	ring->entries = 0;
	ring->failure = 0;
	for (queue = 0; queue < all->queues; queue++) {
		if (all->entries[queue].ring != ring)
			continue;
		if (queue_command(ring, &all->entries[queue], REGISTER) < 0)
			return errno;
		ring->entries++;
	}
	if (uring_submit(&ring->uring, 0) < 0)
		return errno;
	take_results(ring);
	return ring->failure;
}

/*
 * Before INIT is answered FUSE refuses all commands as too early (EAGAIN),
 * which shows that they reach it.  After the reply it would be too late to find
 * out that they do not.
 */
static int probe(struct ring *ring)
{
	uint64_t data;
	int result;

	if (queue_command(ring, &ring->all->entries[0], REGISTER) < 0 ||
		uring_submit(&ring->uring, 1) < 0)
		return errno;
	if (!uring_take(&ring->uring, &data, &result))
		return EINTR;
	return result == -EAGAIN ? 0 : EOPNOTSUPP;
}

static void serve_entries(struct ring *ring)
{
	while (ring->entries > 0) {
		if (uring_submit(&ring->uring, 1) < 0)
			abort();
		take_results(ring);
		/* Requests of a queue without an entry would wait forever. */
		if (ring->failure && !is_end(ring->failure))
			abort();
	}
}

/* If that fails the ring is slower. */
static void bind_to(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

void *ring_thread_run(void *arg)
{
	struct ring *ring = arg;
	struct rings *all = ring->all;

	ring->worker.send = send_reply;
	bind_to(ring->cpu);
	ring->refused = uring_enable(&ring->uring) < 0 ? errno : 0;
	if (ring->refused == 0 && ring == all->rings)
		ring->refused = probe(ring);
	sem_post(&all->reported);
	thread_wait(&ring->decided);
	if (!all->begin) {
		/* From now on all of it may be gone. */
		sem_post(&all->reported);
		return NULL;
	}
	ring->refused = register_entries(ring);
	sem_post(&all->reported);
	if (ring->refused == 0)
		serve_entries(ring);
	return NULL;
}
