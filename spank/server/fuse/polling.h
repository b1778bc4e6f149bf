/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_POLLING_H
#define SPANK_SERVER_FUSE_POLLING_H

/*
 * How the leader waits for the next request.  Waking a thread takes longer than
 * most answers.  While requests come densely, as from a program that walks
 * through a tree or imports modules, the leader polls for a moment after each
 * answer instead of sleeping.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct polling {
	bool has_spare_cpu;       /* to poll on */
	int hit_score;            /* POLLING_SCORE_MAX: lately all came soon */
	int64_t backoff_until_us; /* another program wanted the CPU */
	int64_t since_us;
};

#define POLLING_SCORE_MAX 16

/* `cpus`: how many the server may use. */
void polling_init(struct polling *polling, int cpus);

/* read(2) of `fd`, which must be blocking, and is polled first if it pays. */
ssize_t polling_read(struct polling *polling, int fd, void *request,
	size_t size);

#endif
