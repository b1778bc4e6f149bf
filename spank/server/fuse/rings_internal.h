/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_RINGS_INTERNAL_H
#define SPANK_SERVER_FUSE_RINGS_INTERNAL_H

/* What rings.c and ring.c share; for them only. */

#include <semaphore.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "spank/server/fuse/internal.h"
#include "spank/server/fuse/rings.h"
#include "spank/server/fuse/uring.h"

/* A node where a step has more CPUs does without. */
#define RINGS_MAX 64

/* As the kernel has it (fuse_uring_req_header); headers may be older. */
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
	struct ring *ring; /* that has it; the CPU's, if there is one */
	struct request_header *header;
	struct iovec parts[2]; /* header, payload */
};

struct ring {
	struct worker worker; /* first: see send() */
	struct rings *all;
	struct uring uring;
	int cpu;
	struct entry *entry;  /* what is being answered */
	unsigned int entries; /* that the kernel has, or will have */
	int failure;          /* errno of the last entry that ended */
	int refused;          /* errno of what rings.c has it try */
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
void *ring_run(void *ring);

#endif
