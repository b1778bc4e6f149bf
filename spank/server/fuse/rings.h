/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_RINGS_H
#define SPANK_SERVER_FUSE_RINGS_H

#include <stdbool.h>

struct session;

/*
 * Requests over io_uring, see rings.c: rings, each with a thread that
 * answers what comes on one CPU.
 */
struct rings;

/*
 * Make rings, where the kernel and its administrator offer that
 * (/sys/module/fuse/parameters/enable_uring); NULL otherwise.  Before the
 * sandbox is entered.
 */
struct rings *rings_create(void);

/* How many would be used; 0 (also of NULL) if they will not be. */
int rings_count(const struct rings *rings);

/* NULL-safe.  Not after rings_start() has succeeded. */
void rings_close(struct rings *rings);

/*
 * Start a thread for each ring, and see whether the kernel lets them talk to
 * the descriptor of `session`, which it must not have been told about yet
 * (INIT). -1 if not: there is nothing left but to close them.
 */
int rings_start(struct rings *rings, struct session *session);

/*
 * Once INIT has been answered with FUSE_OVER_IO_URING: begin.  The kernel holds
 * all requests back until then.  If it refuses, it goes on without rings, and
 * their threads wait for the end.
 */
void rings_begin(struct rings *rings);

#endif
