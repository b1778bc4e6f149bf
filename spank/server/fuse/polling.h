/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_POLLING_H
#define SPANK_SERVER_FUSE_POLLING_H

/*
 * How the thread that leads waits for the next request.  To be woken takes it
 * longer than most answers; so where requests come one upon the other, as of a
 * program that walks through a tree or imports modules, it stays awake for a
 * moment after each answer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct polling {
	bool has_spare_cpu; /* there is a CPU for it */
	int hit_score;      /* POLLING_SCORE_MAX: all have come soon, lately */
	int64_t backoff_until_us; /* since its CPU was wanted */
	int64_t since_us;
};

#define POLLING_SCORE_MAX 16

/* `cpus`: how many the server may use. */
void polling_init(struct polling *polling, int cpus);

/* read(2) of `fd`, /dev/fuse or alike, which must be blocking. */
ssize_t polling_read(struct polling *polling, int fd, void *request,
	size_t size);

#endif
