/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_RINGS_INTERNAL_H
#define SPANK_SERVER_FUSE_RINGS_INTERNAL_H

/* Shared by rings.c and ring_thread.c; not for others. */

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "spank/server/fuse/internal.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/fuse/uring.h"

/* A step with more CPUs on a node does without rings. */
#define RINGS_MAX 64

/* The kernel's fuse_uring_req_header; headers may be older. */
struct request_header {
	unsigned char header[128]; /* fuse_in_header, fuse_out_header */
	unsigned char argument[128];
	uint64_t flags;
	uint64_t commit_id;
	uint32_t payload_size; /* what follows the argument, or the answer */
	uint32_t unused;
	uint64_t unused_too;
};

/* The one entry of a queue. */
struct entry {
	unsigned int queue;
	struct ring *ring; /* that owns it; the CPU's own if there is one */
	struct request_header *header;
	struct iovec parts[2]; /* header, payload */
};

struct ring {
	struct worker worker; /* first: see send() */
	struct rings *all;
	struct uring uring;
	int cpu;
	struct entry *entry;  /* what is being answered */
	unsigned int entries; /* that the kernel has or will get */
	int failure;          /* errno of the last entry that ended */
	int refused;          /* errno of the step that rings.c waits for */
	sem_t decided;        /* all->begin is known */
};

struct rings {
	unsigned int queues; /* as many as the kernel has */
	int count;
	struct ring rings[RINGS_MAX];
	struct entry *entries; /* for each queue */
	sem_t reported;        /* once by each thread at each step */
	bool begin;
};

/* A ring's thread, for rings_start() and rings_begin(). */
void *ring_thread_run(void *ring);

#endif
