/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SPANK_SERVER_FUSE_RINGS_H
#define SPANK_SERVER_FUSE_RINGS_H

#include <stdbool.h>

struct session;

/*
 * Requests over io_uring, see rings.c: one ring for each CPU, with a thread
 * that answers the requests made on that CPU.
 */
struct rings;

/*
 * Create rings.  NULL if the administrator has not enabled them
 * (/sys/module/fuse/parameters/enable_uring), or the kernel or libfuse cannot
 * use them.  Before the sandbox is entered.
 */
struct rings *rings_create(void);

/* How many would be used; 0 if none will be.  NULL-safe. */
int rings_count(const struct rings *rings);

/* NULL-safe.  Not after rings_start() has succeeded. */
void rings_close(struct rings *rings);

/*
 * Start a thread for each ring, and check that the kernel accepts commands for
 * the session's descriptor.  Before INIT is answered.  -1 if it does not: all
 * that can be done is to close the rings.
 */
int rings_start(struct rings *rings, struct session *session);

/*
 * Begin to serve, after INIT has been answered with FUSE_OVER_IO_URING.  The
 * kernel holds all requests back until then.  If it refuses, requests come by
 * /dev/fuse, and the threads wait for the end.
 */
void rings_begin(struct rings *rings);

#endif
